import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  FinishTabletJobRequest_Action as Action,
  type TabletCompactionJobPBSchema,
  TabletCompactionJobPB_CompactionType as Type,
} from '../../../src/schema/gen/cloud/job_pb.ts';
import type { RowsetMetaCloudPB } from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import type { Random } from '../kv/random.ts';
import { Actor } from './actor.ts';
import { CLOUD_UNIQUE_ID, expectCode } from './cluster.ts';
import { isLive, type JobOutput, type Tablet } from './model.ts';
import { pickFrom } from './pick.ts';
import { NEVER, rowset, writeRowset } from './rowset.ts';
import { codeName } from './rpc-client.ts';
import { sumOf } from './sizes.ts';
import { type TabletView, viewTablet } from './tablet-view.ts';

/** What is to be compacted: rowsets next to each other, and where the cumulative point will then be. */
interface Plan {
  readonly type: Type;
  readonly inputs: readonly RowsetMetaCloudPB[];
  readonly output_point: bigint;
}

type Compaction = MessageInitShape<typeof TabletCompactionJobPBSchema>;

/** How long others leave a compaction alone that is heard of no more, in seconds. */
const LEASE_S = 60;
const SHORT_LEASE_S = 1;

/** The first rowset always stays by itself, and what a schema change is still converting is not for compactions. */
const FIRST_COMPACTED = 2n;
const LONGEST_DELAY_MS = 200;

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
    const view = await viewTablet(this.cluster, this.name, tablet);
    const plan = view && this.#plan(view, from);
    if (view === undefined || plan === undefined) return;
    // A backend plans with what it knows, and that may be old.
    if (this.random.chance(0.2)) await sleep(this.random.below(LONGEST_DELAY_MS));
    const dies = this.random.chance(0.1);
    const job = this.#job(plan, view, dies ? SHORT_LEASE_S : LEASE_S);
    if (!(await this.#start(tablet, job))) return;
    this.cluster.tally.count(`compaction: ${Type[plan.type]}`);
    if (this.random.chance(0.3)) await this.#lease(tablet, job);
    if (dies && this.random.chance(0.5)) return;
    const output = await this.#write(tablet, job, plan);
    if (output === undefined || dies) return;
    if (this.random.chance(0.1)) await this.#abort(tablet, job, output);
    else await this.#commit(tablet, { ...job, ...outputOf(plan, output) }, output);
  }

  /** Chooses rowsets: base compactions below the cumulative point, cumulative ones from there on, now and then all. */
  #plan({ rowsets, stats }: TabletView, from: bigint): Plan | undefined {
    const point = stats.cumulativePoint;
    const ready = from === FIRST_COMPACTED;
    const given = rowsets.filter(({ startVersion }) => startVersion >= from);
    const base = given.filter(({ endVersion }) => endVersion < point);
    const rest = given.filter(({ startVersion }) => startVersion >= point);
    const choice = this.random.next();
    if (choice < 0.05 && ready) return this.#all(given);
    if (choice < 0.3 && ready) {
      return base.length > 1 ? { type: Type.BASE, inputs: base, output_point: point } : undefined;
    }
    const skipped = this.random.chance(0.6) ? 0 : this.random.below(Math.max(1, rest.length - 1));
    const inputs = rest.slice(skipped, skipped + 2 + this.random.below(6));
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

  #job({ type, inputs }: Plan, { stats }: TabletView, lease_s: number): Compaction {
    return {
      id: `${this.name}-job-${this.#jobs++}`,
      initiator: `${this.name}:8060`,
      type,
      baseCompactionCnt: stats.baseCompactionCnt,
      cumulativeCompactionCnt: stats.cumulativeCompactionCnt,
      expiration: NEVER,
      lease: BigInt(Math.floor(Date.now() / 1000) + lease_s),
      inputVersions: [inputs[0]?.startVersion ?? 0n, inputs.at(-1)?.endVersion ?? 0n],
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
  async #write(tablet: Tablet, { id = '' }: Compaction, { inputs }: Plan): Promise<JobOutput | undefined> {
    const txn_id = randomTxnId(this.random);
    const output: JobOutput = { rowset_id: `output-of-${id}`, tablet, txn_id, outcome: 'open' };
    this.cluster.model.outputs.push(output);
    const sum = sumOf(inputs);
    const sized = { dataDiskSize: sum.dataSize, numRows: sum.numRows, numSegments: sum.numSegments > 0n ? 1n : 0n };
    const at = { startVersion: inputs[0]?.startVersion ?? 0n, endVersion: inputs.at(-1)?.endVersion ?? 0n };
    const meta = rowset(tablet, txn_id, output.rowset_id, sized, at);
    const about = `${this.name}: compaction ${id} of tablet ${tablet.id}`;
    return (await writeRowset(this.cluster, this.random, about, meta, { id, may_be_replaced: true }))
      ? output
      : undefined;
  }

  async #abort(tablet: Tablet, compaction: Compaction, output: JobOutput): Promise<void> {
    await this.#finish('abort', tablet, compaction, Action.ABORT);
    output.outcome = 'refused';
  }

  async #commit(tablet: Tablet, compaction: Compaction, output: JobOutput): Promise<void> {
    const { answer, resent } = await this.#finish(
      'commit',
      tablet,
      compaction,
      Action.COMMIT,
      'JOB_CHECK_ALTER_VERSION',
    );
    this.cluster.tally.count(`compaction committed: ${codeName(answer)}`);
    if (codeName(answer) === 'OK') output.outcome = 'committed';
    // An earlier try may have done it, and only what is stored can tell.
    else if (!resent) output.outcome = 'refused';
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

function outputOf({ inputs, output_point }: Plan, { rowset_id, txn_id }: JobOutput): Compaction {
  const sum = sumOf(inputs);
  return {
    outputCumulativePoint: output_point,
    numInputRowsets: sum.numRowsets,
    numInputSegments: sum.numSegments,
    numInputRows: sum.numRows,
    sizeInputRowsets: sum.dataSize,
    numOutputRowsets: 1n,
    numOutputSegments: sum.numSegments > 0n ? 1n : 0n,
    numOutputRows: sum.numRows,
    sizeOutputRowsets: sum.dataSize,
    outputVersions: [inputs.at(-1)?.endVersion ?? 0n],
    outputRowsetIds: [rowset_id],
    txnId: [txn_id],
  };
}

/** How a job is refused whose tablet was dropped. */
function gone(tablet: Tablet): string[] {
  return isLive(tablet) ? [] : ['TABLET_NOT_FOUND'];
}

/** The transaction ids of jobs are random, and far above those of loads. */
export function randomTxnId(random: Random): bigint {
  return (1n << 61n) + (BigInt(random.below(2 ** 31)) << 30n) + BigInt(random.below(2 ** 30));
}
