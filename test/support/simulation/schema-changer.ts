import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  FinishTabletJobRequest_Action as Action,
  type TabletSchemaChangeJobPBSchema,
} from '../../../src/schema/gen/cloud/job_pb.ts';
import type { RowsetMetaCloudPB } from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import { Actor } from './actor.ts';
import { CLOUD_UNIQUE_ID, expectCode } from './cluster.ts';
import { randomTxnId } from './compactor.ts';
import { coverProblem } from './cover.ts';
import { DB_ID, isLive, type JobOutput, newTablet, type Table, type TableIndex, type Tablet } from './model.ts';
import { NEVER, rowset, tabletMeta, writeRowset } from './rowset.ts';
import { codeName } from './rpc-client.ts';
import { sumOf } from './sizes.ts';
import { createIndex, dropIndex } from './table.ts';
import { newestOf, viewTablet } from './tablet-view.ts';

type SchemaChange = MessageInitShape<typeof TabletSchemaChangeJobPBSchema>;

/** A tablet, and the one that a schema change makes of it. */
interface Change {
  readonly from: Tablet;
  readonly to: Tablet;
  readonly job_id: string;
}

const PAUSE_MS = 20;
const MOST_PAUSES = 1_000;

/** Changes the schema of a table: makes a new index with a tablet for each, converts what there is, and drops the old one. */
export class SchemaChanger extends Actor {
  #jobs = 0;

  async act(): Promise<void> {
    const tables = this.cluster.model.tables.filter(({ merges_on_write }) => !merges_on_write);
    await this.changeTable(tables, (table) => this.#change(table));
  }

  async #change(table: Table): Promise<void> {
    const base = table.indexes.find(({ dropped }) => !dropped);
    if (base === undefined) return;
    const index: TableIndex = { id: this.cluster.model.newId(), dropped: false };
    const changes = await this.#createTablets(table, base, index);
    // From here on, loads that begin write to the new tablets too; those that began before have to end first.
    table.indexes.push(index);
    for (const { to } of changes) to.partition.tablets.push(to);
    const done = (await this.#earlierLoadsEnd(table)) && (await this.#convertAll(changes));
    this.cluster.tally.count(done ? 'schema change' : 'schema change given up');
    if (!done) await dropIndex(this.cluster, table, index);
    else if (this.random.chance(0.7)) await dropIndex(this.cluster, table, base);
  }

  async #createTablets(table: Table, base: TableIndex, index: TableIndex): Promise<Change[]> {
    const partitions = table.partitions.filter(({ dropped }) => !dropped);
    const changes = partitions.flatMap((partition) =>
      partition.tablets
        .filter((tablet) => tablet.index === base)
        .map((from) => ({
          from,
          to: newTablet(this.cluster.model, index, partition, false),
          job_id: `${this.name}-job-${this.#jobs++}`,
        })),
    );
    await createIndex(this.cluster, table, index, () =>
      this.cluster.service.insist('create_tablets', {
        cloudUniqueId: CLOUD_UNIQUE_ID,
        dbId: DB_ID,
        tabletMetas: changes.map(({ to }) => tabletMeta(to)),
      }),
    );
    return changes;
  }

  /** Waits until no transaction is under way that began before now. */
  async #earlierLoadsEnd(table: Table): Promise<boolean> {
    const { service, findings } = this.cluster;
    const newest = await service.insist('get_current_max_txn_id', { cloudUniqueId: CLOUD_UNIQUE_ID });
    if (!expectCode(this.cluster, `${this.name}: get_current_max_txn_id`, newest.answer, 'OK')) return false;
    const endTxnId = newest.answer.currentMaxTxnId;
    for (let pauses = 0; pauses < MOST_PAUSES; pauses++) {
      const request = { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: DB_ID, endTxnId, tableIds: [table.id] };
      const { answer } = await service.insist('check_txn_conflict', request);
      if (!expectCode(this.cluster, `${this.name}: check_txn_conflict`, answer, 'OK')) return false;
      if (answer.finished) return true;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    findings.add(`${this.name}: check_txn_conflict of table ${table.id} goes on naming transactions below ${endTxnId}`);
    return false;
  }

  async #convertAll(changes: readonly Change[]): Promise<boolean> {
    const givesUp = this.random.chance(0.15);
    const converted = await Promise.all(changes.map((change, i) => this.#convert(change, givesUp && i === 0)));
    return converted.every(Boolean);
  }

  /** Converts one tablet. Returns whether it is done, or not needed any more. */
  async #convert(change: Change, givesUp: boolean): Promise<boolean> {
    const { from, to } = change;
    const inputs = await this.#start(change);
    if (inputs === undefined) return !isLive(from);
    const outputs = await Promise.all(inputs.map((input) => this.#write(change, input)));
    const alterVersion = to.alter_version ?? 0n;
    const written = outputs.filter((output) => output !== undefined);
    if (written.length < outputs.length || givesUp) {
      await this.#finish(change, Action.ABORT, jobOf(change, alterVersion));
      return false;
    }
    const sum = sumOf(inputs);
    return this.#finish(
      change,
      Action.COMMIT,
      {
        ...jobOf(change, alterVersion),
        txnIds: written.map(({ txn_id }) => txn_id),
        outputVersions: inputs.map(({ endVersion }) => endVersion),
        numOutputRowsets: sum.numRowsets,
        numOutputSegments: sum.numSegments,
        numOutputRows: sum.numRows,
        sizeOutputRowsets: sum.dataSize,
        outputCumulativePoint: alterVersion + 1n,
      },
      written,
    );
  }

  /** Records the version up to which this change converts. Answers what is to be converted; undefined when that is for nobody. */
  async #start(change: Change): Promise<RowsetMetaCloudPB[] | undefined> {
    const { from, to, job_id } = change;
    const about = `${this.name}: schema change ${job_id} of tablet ${from.id} to ${to.id}`;
    const view = await viewTablet(this.cluster, this.name, from);
    if (view === undefined) return undefined;
    const newest = newestOf(view.rowsets);
    const schemaChange = jobOf(change, newest);
    const { answer } = await this.cluster.service.insist('start_tablet_job', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      job: { idx: { tabletId: from.id }, schemaChange },
    });
    if (!expectCode(this.cluster, `${about}: start_tablet_job`, answer, 'OK', ...gone(from))) return undefined;
    if (codeName(answer) !== 'OK') return undefined;
    to.alter_version = answer.alterVersion;
    const problem = coverProblem(view.rowsets, newest);
    if (problem !== undefined) this.cluster.findings.add(`${about}: the tablet ${problem}`);
    return view.rowsets.filter(({ startVersion }) => startVersion > 1n);
  }

  async #write({ to, job_id }: Change, input: RowsetMetaCloudPB): Promise<JobOutput | undefined> {
    const txn_id = randomTxnId(this.random);
    const output: JobOutput = { rowset_id: `output-of-${job_id}-${txn_id}`, tablet: to, txn_id, outcome: 'open' };
    this.cluster.model.outputs.push(output);
    const about = `${this.name}: schema change ${job_id}, version ${input.endVersion} of tablet ${to.id}`;
    const meta = rowset(to, txn_id, output.rowset_id, input, input);
    return (await writeRowset(this.cluster, this.random, about, meta, { id: job_id })) ? output : undefined;
  }

  async #finish(change: Change, action: Action, job: SchemaChange, outputs: JobOutput[] = []): Promise<boolean> {
    const { from, to, job_id } = change;
    const { answer, resent } = await this.cluster.service.insist('finish_tablet_job', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      action,
      job: { idx: { tabletId: from.id }, schemaChange: job },
    });
    const about = `${this.name}: ${Action[action]} of schema change ${job_id} of tablet ${from.id} to ${to.id}`;
    const done = resent ? [action === Action.COMMIT ? 'JOB_ALREADY_SUCCESS' : 'INVALID_ARGUMENT'] : [];
    if (!expectCode(this.cluster, about, answer, 'OK', ...done, ...gone(from))) return false;
    if (codeName(answer) === 'TABLET_NOT_FOUND' || action !== Action.COMMIT) return !isLive(from);
    for (const output of outputs) output.outcome = 'committed';
    to.ready = true;
    return true;
  }
}

function jobOf({ to, job_id }: Change, alterVersion: bigint): SchemaChange {
  return {
    id: job_id,
    initiator: 'schema-changer:8060',
    expiration: NEVER,
    newTabletIdx: { tabletId: to.id },
    alterVersion,
  };
}

/** How a job is refused whose tablet was dropped. */
function gone(tablet: Tablet): string[] {
  return isLive(tablet) ? [] : ['TABLET_NOT_FOUND'];
}
