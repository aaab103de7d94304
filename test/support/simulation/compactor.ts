import { setTimeout as sleep } from 'node:timers/promises';
import {
  FinishTabletJobRequest_Action as Action,
  TabletCompactionJobPB_CompactionType as Type,
} from '../../../src/schema/gen/cloud/job_pb.ts';
import type { RowsetMetaCloudPB } from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import type { Random } from '../random.ts';
import { Actor } from './actor.ts';
import { CLOUD_UNIQUE_ID, expectCode } from './cluster.ts';
import { type Compaction, initiatorOf, outputOf, type Plan, sizesOf, upToDelete } from './compaction-plan.ts';
import { bitmapsOf } from './delete-bitmap.ts';
import { type MergedRows, mergedRows } from './merged-rows.ts';
import { isLive, type JobOutput, type Tablet } from './model.ts';
import { pickFrom } from './pick.ts';
import { RememberedTablet } from './remembered-tablet.ts';
import { NEVER, rowset, writeRowset } from './rowset.ts';
import { codeName } from './rpc-client.ts';
import { updateBitmaps } from './update-bitmaps.ts';
import {
  COMPACTION_LOCK_ID,
  dawdle,
  giveLockBack,
  OVER_AT_ONCE_S,
  takeLock,
  type UpdateLock,
  WHOLE_RUN_S,
} from './update-lock.ts';

/** How long others leave a compaction alone that is heard of no more, in seconds. */
const LEASE_S = 60;
const SHORT_LEASE_S = 1;

/** The first rowset always stays by itself, and what a schema change is still converting is not for compactions. */
const FIRST_COMPACTED = 2n;
const LONGEST_DELAY_MS = 200;

/** How often it asks for the lock on delete bitmaps before it gives up. */
const LOCK_TRIES = 60;
/** How a commit is refused that needs the lock, when others have it, or had it and gave it back. */
const LOCK_IS_LOST: ReadonlySet<string> = new Set(['LOCK_EXPIRED', 'KV_TXN_GET_ERR']);

/** How a job is refused that is there no more: it is done, or another took its place. */
const JOB_IS_GONE = /there is no running compaction|unmatched job id/;

/** Compacts tablets as a backend does: it asks for the job, writes the output, and puts it in place of the input. */
export class Compactor extends Actor {
  #jobs = 0;

  async act(): Promise<void> {
    const tablets = this.cluster.model.tablets().filter((each) => isLive(each) && mayCompact(each));
    const tablet = pickFrom(this.random, tablets);
    if (tablet === undefined) return;
    // As of before the view: what a schema change has replaced since then is not in it.
    const from = tablet.ready ? FIRST_COMPACTED : (tablet.alter_version ?? 0n) + 1n;
    const remembered = new RememberedTablet(tablet);
    if (!(await remembered.sync(this.cluster, this.name))) return;
    const plan = this.#plan(remembered, from);
    if (plan === undefined) return;
    // A backend plans with what it knows, and that may be old.
    if (this.random.chance(0.2)) await sleep(this.random.int(LONGEST_DELAY_MS));
    const dies = this.random.chance(0.1);
    const job = this.#job(plan, remembered, dies ? SHORT_LEASE_S : LEASE_S);
    if (!(await this.#start(tablet, job))) return;
    this.cluster.tally.count(`compaction: ${Type[plan.type]}`);
    if (this.random.chance(0.3)) await this.#lease(tablet, job);
    if (dies && this.random.chance(0.5)) return;
    if (plan.type === Type.EMPTY_CUMULATIVE) {
      if (!dies) await this.#commit(tablet, { ...job, outputCumulativePoint: plan.output_point });
      return;
    }
    const merged = mergedRows(this.cluster.model, remembered, plan.inputs);
    const output = await this.#write(tablet, job, plan, merged);
    if (output === undefined) return;
    const lock = merged && (await this.#mergeLater(remembered, output, merged, dies));
    if (dies) return;
    if (this.random.chance(0.1) || (merged !== undefined && lock === undefined)) {
      await this.#abort(tablet, job, lock);
      output.outcome = 'refused';
      return;
    }
    const sized = { ...outputOf(plan, output, merged), ...initiatorOf(lock) };
    const code = await this.#commit(tablet, { ...job, ...sized }, output);
    if (lock && code !== 'OK') await this.#abort(tablet, job, lock);
  }

  /** Chooses rowsets: base compactions below the cumulative point, cumulative ones from there on, now and then all. */
  #plan({ rowsets, stats }: RememberedTablet, from: bigint): Plan | undefined {
    const point = stats?.cumulativePoint ?? 0n;
    const ready = from === FIRST_COMPACTED;
    const given = rowsets.filter(({ startVersion }) => startVersion >= from);
    const base = given.filter(({ endVersion }) => endVersion < point);
    const rest = given.filter(({ startVersion }) => startVersion >= point);
    const choice = this.random.next();
    if (choice < 0.05 && ready) return this.#all(given);
    if (choice < 0.3 && ready) {
      return base.length > 1 ? { type: Type.BASE, inputs: base, output_point: point } : undefined;
    }
    const skipped = this.random.chance(0.6) ? 0 : this.random.int(Math.max(1, rest.length - 1));
    const [candidate] = rest;
    if (skipped === 0 && ready && candidate?.deletePredicate !== undefined) {
      return { type: Type.EMPTY_CUMULATIVE, inputs: [], output_point: candidate.endVersion + 1n };
    }
    const inputs = upToDelete(rest.slice(skipped, skipped + 2 + this.random.int(6)));
    const [first] = inputs;
    const last = inputs.at(-1);
    if (first === undefined || last === undefined || inputs.length < 2) return undefined;
    // Only who compacts from the point on may move it: in front of others there may be work under way.
    const moves = skipped === 0 && this.random.chance(0.7);
    return { type: Type.CUMULATIVE, inputs, output_point: moves ? last.endVersion + 1n : point };
  }

  #all(inputs: readonly RowsetMetaCloudPB[]): Plan | undefined {
    const last = inputs.at(-1);
    if (last === undefined || inputs.length < 2) return undefined;
    return { type: Type.FULL, inputs, output_point: last.endVersion + 1n };
  }

  #job({ type, inputs }: Plan, { stats }: RememberedTablet, lease_s: number): Compaction {
    const [first] = inputs;
    const last = inputs.at(-1);
    return {
      id: `${this.name}-job-${this.#jobs++}`,
      initiator: `${this.name}:8060`,
      type,
      baseCompactionCnt: stats?.baseCompactionCnt ?? 0n,
      cumulativeCompactionCnt: stats?.cumulativeCompactionCnt ?? 0n,
      expiration: NEVER,
      lease: BigInt(Math.floor(Date.now() / 1000) + lease_s),
      ...(first && last && { inputVersions: [first.startVersion, last.endVersion] }),
      ...(this.random.chance(0.5) && { checkInputVersionsRange: true }),
    };
  }

  async #start(tablet: Tablet, compaction: Compaction): Promise<boolean> {
    const { answer } = await this.cluster.service.insist('start_tablet_job', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      job: { idx: { tabletId: tablet.id }, compaction: [compaction] },
    });
    const codes = ['OK', 'STALE_TABLET_CACHE', 'JOB_TABLET_BUSY', 'JOB_CHECK_ALTER_VERSION'];
    if (
      !expectCode(this.cluster, this.#about('start_tablet_job', tablet, compaction), answer, ...codes, ...gone(tablet))
    )
      return false;
    this.cluster.tally.count(`compaction started: ${codeName(answer)}`);
    return codeName(answer) === 'OK';
  }

  async #lease(tablet: Tablet, compaction: Compaction): Promise<void> {
    const lease = (compaction.lease ?? 0n) + 1n;
    await this.#finish('lease', tablet, { ...compaction, lease }, Action.LEASE);
  }

  /** Writes the output. Undefined when that went wrong, or the job is there no more. */
  async #write(
    tablet: Tablet,
    { id = '' }: Compaction,
    { inputs }: Plan,
    merged: MergedRows | undefined,
  ): Promise<JobOutput | undefined> {
    const txn_id = randomTxnId(this.random);
    const output: JobOutput = { rowset_id: `output-of-${id}`, tablet, txn_id, outcome: 'open' };
    this.cluster.model.outputs.push(output);
    if (merged) this.cluster.model.rows.set(output.rowset_id, merged.segments);
    const { dataSize, numRows, numSegments } = sizesOf(inputs, merged);
    const sized = { dataDiskSize: dataSize, numRows, numSegments };
    const at = { startVersion: inputs[0]?.startVersion ?? 0n, endVersion: inputs.at(-1)?.endVersion ?? 0n };
    const meta = rowset(tablet, txn_id, output.rowset_id, sized, at);
    const about = `${this.name}: compaction ${id} of tablet ${tablet.id}`;
    return (await writeRowset(this.cluster, this.random, about, meta, { id, may_be_replaced: true }))
      ? output
      : undefined;
  }

  /**
   * Where a tablet merges on write: deletes of the output what loads have deleted of the inputs since, under the lock that
   * all compactions share, which it then has to hold until the commit. Undefined when it did not get that, or lost it.
   */
  async #mergeLater(
    remembered: RememberedTablet,
    { rowset_id }: JobOutput,
    merged: MergedRows,
    dies: boolean,
  ): Promise<UpdateLock | undefined> {
    const { tablet } = remembered;
    const { table } = tablet.partition;
    const about = `${this.name}: output ${rowset_id} of tablet ${tablet.id}`;
    const expiration = dies || this.random.chance(0.3) ? OVER_AT_ONCE_S : WHOLE_RUN_S;
    const initiator = BigInt(1 + this.random.int(2 ** 31));
    const lock = { table, lock_id: COMPACTION_LOCK_ID, initiator, expiration };
    if (!(await takeLock(this.cluster, this.random, lock, { about, tries: LOCK_TRIES }))) return undefined;
    this.cluster.tally.count('lock taken by a compaction');
    const early = this.random.chance(0.5);
    if (early) await dawdle(this.random, lock);
    const synced = await remembered.sync(this.cluster, about);
    const deleted = merged.deletedOf(rowset_id, remembered.bitmaps);
    const held = synced && (await updateBitmaps(this.cluster, about, tablet, bitmapsOf(deleted), lock));
    if (deleted.length > 0) this.cluster.tally.count('rows deleted under a compaction');
    if (!early) await dawdle(this.random, lock);
    if (held) return lock;
    if (!dies) await giveLockBack(this.cluster, lock, about);
    return undefined;
  }

  async #abort(tablet: Tablet, compaction: Compaction, lock: UpdateLock | undefined): Promise<void> {
    const { answer } = await this.#finish('abort', tablet, { ...compaction, ...initiatorOf(lock) }, Action.ABORT);
    // That of a job which is there no more leaves the lock as it is.
    if (lock && codeName(answer) !== 'OK') await giveLockBack(this.cluster, lock, `${this.name}: ${compaction.id}`);
  }

  /** Answers the code. An empty compaction has no output. */
  async #commit(tablet: Tablet, compaction: Compaction, output?: JobOutput): Promise<string> {
    const { answer, resent } = await this.#finish(
      'commit',
      tablet,
      compaction,
      Action.COMMIT,
      'JOB_CHECK_ALTER_VERSION',
      ...(tablet.partition.table.merges_on_write ? LOCK_IS_LOST : []),
    );
    this.cluster.tally.count(`compaction committed: ${codeName(answer)}`);
    if (output !== undefined && codeName(answer) === 'OK') output.outcome = 'committed';
    // An earlier try may have done it, and only what is stored can tell.
    else if (output !== undefined && !resent) output.outcome = 'refused';
    return codeName(answer);
  }

  /** Finishes or leases a job, which another may have taken the place of meanwhile. */
  async #finish(call: string, tablet: Tablet, compaction: Compaction, action: Action, ...codes: readonly string[]) {
    const idx = { tabletId: tablet.id };
    const request = { cloudUniqueId: CLOUD_UNIQUE_ID, action, job: { idx, compaction: [compaction] } };
    const answered = await this.cluster.service.insist('finish_tablet_job', request);
    const { status } = answered.answer;
    const replaced = JOB_IS_GONE.test(status.msg) ? ['INVALID_ARGUMENT'] : [];
    const about = this.#about(call, tablet, compaction);
    expectCode(this.cluster, about, answered.answer, 'OK', ...codes, ...replaced, ...gone(tablet));
    return answered;
  }

  #about(call: string, tablet: Tablet, { id, type = Type.UNKOWN, inputVersions }: Compaction): string {
    return `${this.name}: ${call} of ${Type[type]} compaction ${id}, [${inputVersions?.join('-')}] of tablet ${tablet.id},`;
  }
}

/** Whether backends compact it: one that a schema change fills only behind the version up to which that converts. */
function mayCompact({ ready, alter_version }: Tablet): boolean {
  return ready || alter_version !== undefined;
}

/** How a job is refused whose tablet was dropped. */
function gone(tablet: Tablet): string[] {
  return isLive(tablet) ? [] : ['TABLET_NOT_FOUND'];
}

/** The transaction ids of jobs are random, and far above those of loads. */
export function randomTxnId(random: Random): bigint {
  return (1n << 61n) + (BigInt(random.int(2 ** 31)) << 30n) + BigInt(random.int(2 ** 30));
}
