import type { Message, MessageInitShape } from '@bufbuild/protobuf';
import {
  LoadJobSourceTypePB as Source,
  type TxnInfoPBSchema,
  TxnSourceTypePB,
} from '../../../src/schema/gen/cloud/txn_pb.ts';
import { Actor, type ActorOptions } from './actor.ts';
import { CLOUD_UNIQUE_ID, expectCode } from './cluster.ts';
import { sharedLabel } from './label.ts';
import { type Ending, endLoad, mergeInVain, settle } from './load-ending.ts';
import { beginParts } from './load-parts.ts';
import { DB_ID, isLive, type Load, newPart, type Partition, type Table } from './model.ts';
import { pickFrom, pickSome } from './pick.ts';
import { loadedRowset, writeRowset } from './rowset.ts';
import { codeName } from './rpc-client.ts';

const TIMEOUT_MS = 3_600_000n;

/** Loads data into some partitions of a table, in one transaction, and ends that in one of the ways that there are. */
export class Loader extends Actor {
  readonly #coordinator = { sourceType: TxnSourceTypePB.TXN_SOURCE_TYPE_BE, ip: '10.0.0.1', id: 0n, startTime: 1n };
  #loads = 0;

  constructor(options: ActorOptions) {
    super(options);
    this.#coordinator.id = this.cluster.model.newId();
  }

  async act(): Promise<void> {
    const table = pickFrom(this.random, this.cluster.model.tables);
    // Frontends refuse loads in parts where a table merges on write.
    const inParts = table?.merges_on_write !== true && this.random.chance(0.15);
    // Loads in parts don't count for routine loads.
    const routine_rows = !inParts && this.random.chance(0.3) ? BigInt(1 + this.random.int(1_000)) : 0n;
    const load = table && (await this.#begin(table, routine_rows));
    if (load === undefined) return;
    const ids = inParts ? await beginParts(this.cluster, this.random, load) : [load.id];
    for (const id of ids) {
      // That has been noted; the load leaves no other traces of it.
      if (!(await this.#write(load, id))) return endLoad(this.cluster, this.random, load, 'abort', inParts);
    }
    if (this.random.chance(0.1)) await this.#beginAgain(load);
    await this.#end(load, inParts);
  }

  async #end(load: Load, inParts: boolean): Promise<void> {
    const endings: readonly [Ending, ...Ending[]] = inParts
      ? ['commit', 'commit', 'race', 'abort']
      : ['commit', 'commit', 'commit', 'precommit', 'precommit', 'race', 'abort', 'abandon'];
    const ending = this.random.pick(endings);
    this.cluster.tally.count(inParts ? `load in parts: ${ending}` : `load: ${ending}`);
    if (ending === 'abandon') await this.#abandon(load);
    else await endLoad(this.cluster, this.random, load, ending, inParts);
  }

  /** A backend that dies, and after its start has a frontend abort what it left behind. */
  async #abandon(load: Load): Promise<void> {
    await mergeInVain(this.cluster, this.random, load);
    const { ip, id } = this.#coordinator;
    this.#coordinator.startTime += 1n;
    const { startTime } = this.#coordinator;
    const { answer } = await this.cluster.service.insist('abort_txn_with_coordinator', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      ip,
      id,
      startTime,
    });
    expectCode(this.cluster, `${this.name}: abort_txn_with_coordinator`, answer, 'OK');
    await settle(this.cluster, load, 'aborted');
  }

  /** Begins a transaction. Undefined when its label is in use. */
  async #begin(table: Table, routine_rows: bigint): Promise<Load | undefined> {
    const shared = this.random.chance(0.2);
    const label = shared ? sharedLabel(this.random, this.cluster.service.calls) : `${this.name}-${this.#loads++}`;
    // A frontend begins once more when the answer does not come.
    const repeated = !shared && this.random.chance(0.1);
    const loadJobSourceType =
      routine_rows > 0n ? Source.LOAD_JOB_SRC_TYPE_ROUTINE_LOAD_TASK : Source.LOAD_JOB_SRC_TYPE_BACKEND_STREAMING;
    const info = { tableIds: [table.id], label, requestId: this.#newRequestId(), loadJobSourceType };
    const begin = () => this.#beginAs(info, { shared, repeated });
    const ids = new Set(await Promise.all(repeated ? [begin(), begin()] : [begin()]));
    const [id] = ids;
    if (ids.size > 1) {
      this.cluster.findings.add(
        `${this.name}: begin_txn with label ${label}, sent twice, began ${[...ids].join(' and ')}`,
      );
    }
    if (id === undefined) return undefined;
    const load: Load = { id, label, table, routine_rows, parts: [], outcome: 'open', forgotten: false };
    this.cluster.model.loads.set(id, load);
    return load;
  }

  async #beginAs(info: TxnInfoInit, { shared, repeated }: BeginOptions): Promise<bigint | undefined> {
    const { answer, resent } = await this.cluster.service.insist('begin_txn', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      txnInfo: {
        ...info,
        dbId: DB_ID,
        timeoutMs: TIMEOUT_MS,
        // Otherwise one that is precommitted counts as timed out at once, and nobody waits for it.
        precommitTimeoutMs: TIMEOUT_MS,
        coordinator: this.#coordinator,
      },
    });
    const codes = ['OK'];
    if (resent || repeated) codes.push('TXN_DUPLICATED_REQ');
    if (shared) codes.push('TXN_LABEL_ALREADY_USED');
    if (!expectCode(this.cluster, `${this.name}: begin_txn with label ${info.label}`, answer, ...codes))
      return undefined;
    if (codeName(answer) === 'TXN_LABEL_ALREADY_USED') {
      this.cluster.tally.count('label in use');
      return undefined;
    }
    return codeName(answer) === 'OK' ? answer.txnId : answer.dupTxnId;
  }

  /** Tries the label of a transaction that is under way: nobody can have it, and the same request gets the same answer. */
  async #beginAgain({ id, label, table }: Load): Promise<void> {
    const { answer } = await this.cluster.service.insist('begin_txn', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      txnInfo: { dbId: DB_ID, tableIds: [table.id], label, requestId: this.#newRequestId(), timeoutMs: TIMEOUT_MS },
    });
    expectCode(this.cluster, `${this.name}: begin_txn with label ${label} of ${id}`, answer, 'TXN_LABEL_ALREADY_USED');
  }

  /** Writes a rowset to each tablet of some partitions, as every load does to those that it touches. */
  async #write(load: Load, txnId: bigint): Promise<boolean> {
    const live = load.table.partitions.filter(({ dropped }) => !dropped);
    const partitions = pickSome(this.random, live, 1 + this.random.int(3));
    const part = newPart(txnId, partitions);
    load.parts.push(part);
    const written = await Promise.all(
      partitions.flatMap(tabletsToLoad).map(async (tablet) => {
        const rowset_id = `load-${txnId}-${tablet.id}`;
        part.rowsets.push({ rowset_id, tablet, txn_id: txnId });
        const about = `${this.name}: transaction ${load.id}, tablet ${tablet.id}`;
        const meta = loadedRowset(this.random, this.cluster.model, tablet, txnId, rowset_id);
        return writeRowset(this.cluster, this.random, about, meta);
      }),
    );
    return written.every(Boolean);
  }

  #newRequestId() {
    return { hi: BigInt(this.random.int(2 ** 31)), lo: BigInt(this.random.int(2 ** 31)) };
  }
}

type TxnInfoInit = Exclude<MessageInitShape<typeof TxnInfoPBSchema>, Message>;

interface BeginOptions {
  readonly shared: boolean;
  readonly repeated: boolean;
}

function tabletsToLoad({ tablets }: Partition) {
  return tablets.filter(isLive);
}
