import { setTimeout as sleep } from 'node:timers/promises';
import { TxnStatusPB } from '../../../src/schema/gen/cloud/txn_pb.ts';
import { Actor, type ActorOptions } from './actor.ts';
import { CLOUD_UNIQUE_ID, expectCode } from './cluster.ts';
import { hasEnded } from './label.ts';
import { DB_ID, type Load } from './model.ts';
import { pickFrom } from './pick.ts';
import { codeName } from './rpc-client.ts';

/** Calls that others should make before something is cleaned again. */
const CALLS_BETWEEN = 100;
const PAUSE_MS = 20;
const TIMEOUT_MS = 3_600_000n;

const FINISHED: ReadonlySet<TxnStatusPB | undefined> = new Set([
  TxnStatusPB.TXN_STATUS_VISIBLE,
  TxnStatusPB.TXN_STATUS_ABORTED,
]);

/** Has the service forget finished transactions: those of one label, or all of a database. */
export class Cleaner extends Actor {
  /** All labels are cleaned of this one, since nobody would know what became of the loads of others. */
  readonly #db_id: bigint;
  #labels = 0;
  #next_at = 0;

  constructor(options: ActorOptions) {
    super(options);
    this.#db_id = this.cluster.model.newId();
  }

  async act(): Promise<void> {
    const { service } = this.cluster;
    if (service.calls < this.#next_at) return sleep(PAUSE_MS);
    this.#next_at = service.calls + this.random.int(2 * CALLS_BETWEEN);
    if (this.random.chance(0.7)) await this.#cleanLabel();
    else await this.#cleanDatabase();
  }

  /** Cleans a label whose loads are over, as far as those know who did them. */
  async #cleanLabel(): Promise<void> {
    const { loads } = this.cluster.model;
    const over = [...loads.values()].filter((load) => load.outcome !== 'open' && !load.forgotten);
    const label = pickFrom(this.random, over)?.label;
    if (label === undefined || !hasEnded(label, this.cluster.service.calls)) return;
    const ofLabel = [...loads.values()].filter((load) => load.label === label && !load.forgotten);
    // A lazy commit may have been decided, and wait for its rowsets.
    for (const { id } of ofLabel) if (!FINISHED.has(await this.#statusOf(DB_ID, id))) return;
    await this.#clean(DB_ID, [label]);
    for (const load of ofLabel) load.forgotten = true;
    this.cluster.tally.count('label cleaned');
    for (const { id } of ofLabel) await this.#mustBeForgotten(DB_ID, id);
    if (this.random.chance(0.3)) await this.#useAgain(ofLabel);
  }

  /** What was forgotten takes nothing away from whoever uses the label next. */
  async #useAgain([former]: readonly Load[]): Promise<void> {
    if (former === undefined) return;
    const { label, table } = former;
    const id = await this.#begin(DB_ID, label);
    if (id === undefined) return;
    const load: Load = { id, label, table, routine_rows: 0n, parts: [], outcome: 'open', forgotten: false };
    this.cluster.model.loads.set(id, load);
    await this.#abort(DB_ID, id);
    load.outcome = 'aborted';
    this.cluster.tally.count('cleaned label used again');
  }

  /** Cleans all labels of a database while some of its transactions end, and one goes on. */
  async #cleanDatabase(): Promise<void> {
    const labels = Array.from({ length: 3 + this.random.int(4) }, () => `${this.name}-${this.#labels++}`);
    const begun = await Promise.all(labels.map((label) => this.#begin(this.#db_id, label)));
    const [open, ...ended] = begun.filter((id) => id !== undefined);
    if (open === undefined) return;
    await Promise.all([
      ...ended.map((id, i) => (i % 2 === 0 ? this.#commit(id) : this.#abort(this.#db_id, id))),
      this.#clean(this.#db_id, []),
    ]);
    await this.#clean(this.#db_id, []);
    for (const id of ended) await this.#mustBeForgotten(this.#db_id, id);
    const status = await this.#statusOf(this.#db_id, open);
    if (status !== TxnStatusPB.TXN_STATUS_PREPARED) {
      this.cluster.findings.add(`${this.name}: transaction ${open} went on, and is ${TxnStatusPB[status ?? 0]}`);
    }
    await this.#abort(this.#db_id, open);
    this.cluster.tally.count('database cleaned');
  }

  async #begin(dbId: bigint, label: string): Promise<bigint | undefined> {
    const requestId = { hi: BigInt(this.random.int(2 ** 31)), lo: BigInt(this.random.int(2 ** 31)) };
    const { answer, resent } = await this.cluster.service.insist('begin_txn', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      txnInfo: { dbId, tableIds: [dbId], label, requestId, timeoutMs: TIMEOUT_MS },
    });
    const codes = resent ? ['OK', 'TXN_DUPLICATED_REQ'] : ['OK'];
    if (!expectCode(this.cluster, `${this.name}: begin_txn with label ${label}`, answer, ...codes)) return undefined;
    return codeName(answer) === 'OK' ? answer.txnId : answer.dupTxnId;
  }

  async #clean(dbId: bigint, labels: string[]): Promise<void> {
    const { answer } = await this.cluster.service.insist('clean_txn_label', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      dbId,
      labels,
    });
    expectCode(this.cluster, `${this.name}: clean_txn_label ${labels.join()} of database ${dbId}`, answer, 'OK');
  }

  /** When it has to be asked again, the first may have been served, and the transaction forgotten since. */
  async #commit(txnId: bigint): Promise<void> {
    const request = { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: this.#db_id, txnId };
    const { answer, resent } = await this.cluster.service.insist('commit_txn', request);
    const codes = resent ? ['OK', 'KV_TXN_GET_ERR', 'TXN_ID_NOT_FOUND'] : ['OK'];
    expectCode(this.cluster, `${this.name}: commit_txn of transaction ${txnId}`, answer, ...codes);
  }

  /** As `#commit`. */
  async #abort(dbId: bigint, txnId: bigint): Promise<void> {
    const request = { cloudUniqueId: CLOUD_UNIQUE_ID, dbId, txnId, reason: 'simulated' };
    const { answer, resent } = await this.cluster.service.insist('abort_txn', request);
    const codes = resent ? ['OK', 'TXN_ALREADY_ABORTED', 'TXN_ID_NOT_FOUND'] : ['OK'];
    expectCode(this.cluster, `${this.name}: abort_txn of transaction ${txnId}`, answer, ...codes);
  }

  async #statusOf(dbId: bigint, txnId: bigint): Promise<TxnStatusPB | undefined> {
    const { answer } = await this.cluster.service.insist('get_txn', { cloudUniqueId: CLOUD_UNIQUE_ID, dbId, txnId });
    expectCode(this.cluster, `${this.name}: get_txn of transaction ${txnId}`, answer, 'OK');
    return answer.txnInfo?.status;
  }

  async #mustBeForgotten(dbId: bigint, txnId: bigint): Promise<void> {
    const { answer } = await this.cluster.service.insist('get_txn', { cloudUniqueId: CLOUD_UNIQUE_ID, dbId, txnId });
    const about = `${this.name}: get_txn of transaction ${txnId}, whose label was cleaned,`;
    expectCode(this.cluster, about, answer, 'TXN_ID_NOT_FOUND');
  }
}
