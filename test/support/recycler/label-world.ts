import { keys } from '../../../src/keys/key-table.ts';
import type { Store, Transaction, TransactOptions } from '../../../src/kv/store.ts';
import { recordFromValue } from '../../../src/records/message-record.ts';
import { stampedFromValue } from '../../../src/records/stamped-record.ts';
import { abortTimeoutTxn } from '../../../src/recycler/sweeps/abort-timeout-txn.ts';
import { recycleExpiredTxnLabel } from '../../../src/recycler/sweeps/recycle-expired-txn-label.ts';
import { MetaServiceCode } from '../../../src/schema/gen/cloud/status_pb.ts';
import { TxnStatusPB as Status, type TxnInfoPB } from '../../../src/schema/gen/cloud/txn_pb.ts';
import { type Domain, openInstance, rpc } from '../fuzz/domain.ts';
import { storedPairs } from '../fuzz/stored-pairs.ts';
import { A, B, begin, CALLER, commit, DB, decideLazily, plantRowsets, plantTablets } from '../loads.ts';
import type { Random } from '../random.ts';
import { runSweep } from './sweep-context.ts';

const LABELS = ['a', 'b', 'c'];
const KEEP_S = 60;
const LAZILY = { txn_lazy_commit_rowsets_thresold: 1 };
const UNFINISHED: ReadonlySet<Status> = new Set([
  Status.TXN_STATUS_PREPARED,
  Status.TXN_STATUS_PRECOMMITTED,
  Status.TXN_STATUS_COMMITTED,
]);

/** What a sweep is killed with, between two of its transactions or right behind one. */
class KilledError extends Error {}

/** Transactions that share a few labels, on which anything may happen at any time, and what must hold all the while. */
export class LabelWorld {
  #now_s = 1_800_000_000;
  /** What callers have been told: states that no transaction comes back from. */
  readonly #visible = new Set<bigint>();
  readonly #aborted = new Set<bigint>();
  readonly #begun: bigint[] = [];
  #domain: Domain | undefined;

  private constructor(private readonly random: Random) {}

  static async open(random: Random): Promise<LabelWorld> {
    const world = new LabelWorld(random);
    const settings = { ...LAZILY, max_num_aborted_txn: 1000 };
    world.#domain = await openInstance({ now: () => world.#now_s, settings });
    await plantTablets(world.domain.store, [A, B]);
    return world;
  }

  get domain(): Domain {
    if (!this.#domain) throw new Error('not open');
    return this.#domain;
  }

  /** Up to four things at once, and then a look at the store. */
  async step(): Promise<void> {
    const deeds = Array.from({ length: 1 + this.random.int(4) }, () => this.#deed());
    await Promise.all(deeds.map((deed) => deed()));
    await this.check();
  }

  /** Lets all time go by, and the sweeps do what is due. */
  async catchUp(): Promise<void> {
    this.#now_s += 1000;
    for (const sweep of [abortTimeoutTxn, recycleExpiredTxnLabel]) {
      const { progress } = await runSweep(sweep, this.domain, { settings: { label_keep_max_second: KEEP_S } });
      if (progress.numbers.failed > 0) throw new Error(progress.lastFailure);
      this.#now_s += KEEP_S;
    }
  }

  /** The keys of transactions that are there, of whichever kind. */
  async keysLeft(): Promise<string[]> {
    const kinds = [keys.txnInfo, keys.txnIndex, keys.txnRunning, keys.txnLabel, keys.recycleTxn];
    const pairs = await storedPairs(this.domain.store);
    return pairs.flatMap(({ key }) => kinds.flatMap((kind) => (kind.decode(key) ? [kind.name] : [])));
  }

  /** What must hold at any time, whatever has happened. */
  async check(): Promise<void> {
    const { infos, indexes, running, finished, labels } = await this.#stored();
    const labelled = new Set([...labels.values()].flat());
    const problems: string[] = [];
    const must = (holds: boolean, what: string) => void (holds || problems.push(what));
    for (const [id, { status, label }] of infos) {
      must(labels.get(label)?.includes(id) ?? false, `${id} ${Status[status]} has lost its label ${label}`);
      must(indexes.has(id), `${id} has lost its index`);
      must(running.has(id) === UNFINISHED.has(status), `${id} is ${Status[status]}, running: ${running.has(id)}`);
      must(finished.has(id) !== UNFINISHED.has(status), `${id} is ${Status[status]}, to recycle: ${finished.has(id)}`);
      must(
        !this.#visible.has(id) || status === Status.TXN_STATUS_VISIBLE,
        `${id} was visible, and is ${Status[status]}`,
      );
      must(
        !this.#aborted.has(id) || status === Status.TXN_STATUS_ABORTED,
        `${id} was aborted, and is ${Status[status]}`,
      );
    }
    for (const id of [...labelled, ...running, ...finished]) must(infos.has(id), `${id} has left something behind`);
    for (const [label, ids] of labels) {
      must(ids.length > 0, `label ${label} is empty`);
      const others = ids.slice(0, -1).filter((id) => infos.get(id)?.status !== Status.TXN_STATUS_ABORTED);
      must(others.length === 0, `label ${label} had ${others.join()} before its newest`);
    }
    if (problems.length > 0) throw new Error(problems.join('\n'));
  }

  /** One thing that callers, the recycler or time may do. */
  #deed(): () => Promise<void> {
    const label = this.random.pick(LABELS);
    const txnId = this.#begun.length === 0 ? 0n : this.random.pick(this.#begun.slice(-6));
    const named = { cloudUniqueId: CALLER, dbId: DB, txnId };
    return this.random.weighted<() => Promise<void>>([
      [8, () => this.#begin(label, this.random.int(40))],
      [4, () => this.#commit(txnId)],
      [3, async () => void (await this.#told(this.#aborted, txnId, this.domain.call(rpc.abort_txn, named)))],
      [2, async () => void (await this.domain.call(rpc.precommit_txn, named))],
      [2, () => this.#subTxn(txnId, label)],
      [1, () => this.#clean([label])],
      [1, () => this.#clean([])],
      [3, () => this.#sweep()],
      [
        3,
        async () => {
          this.#now_s += this.random.int(20);
        },
      ],
    ]);
  }

  async #begin(label: string, timeout_s: number): Promise<void> {
    const times = { timeoutMs: BigInt(timeout_s * 1000), precommitTimeoutMs: BigInt(timeout_s * 2000) };
    const txnId = await begin(this.domain, label, times).catch(() => undefined);
    if (txnId !== undefined) this.#begun.push(txnId);
  }

  /** Commits, with rowsets or without any. With some it happens that the server dies when the commit is decided, and not finished. */
  async #commit(txnId: bigint): Promise<void> {
    const [hasRowsets, dies] = [this.random.chance(0.7), this.random.chance(0.5)];
    if (hasRowsets) await plantRowsets(this.domain.store, txnId, [A, B]);
    const request = { txnId, dbId: DB, is2pc: false, enableTxnLazyCommit: true };
    if (hasRowsets && dies) await decideLazily(this.domain, txnId, LAZILY, request).catch(() => undefined);
    else await this.#told(this.#visible, txnId, commit(this.domain, request));
  }

  async #subTxn(txnId: bigint, label: string): Promise<void> {
    const request = { cloudUniqueId: CALLER, dbId: DB, txnId, subTxnNum: 0n, tableIds: [1n], label };
    await this.domain.call(rpc.begin_sub_txn, request);
  }

  async #clean(labels: string[]): Promise<void> {
    await this.domain.call(rpc.clean_txn_label, { cloudUniqueId: CALLER, dbId: DB, labels });
  }

  /** Both sweeps, which may be killed at any of their transactions, before it or when it is written. */
  async #sweep(): Promise<void> {
    const store = this.random.chance(0.5) ? this.domain.store : this.#mortalStore(this.random.int(8));
    for (const sweep of [abortTimeoutTxn, recycleExpiredTxnLabel]) {
      try {
        await runSweep(sweep, this.domain, { store, settings: { label_keep_max_second: KEEP_S } });
      } catch (error) {
        if (!(error instanceof KilledError)) throw error;
      }
    }
  }

  #mortalStore(transactions: number): Store {
    const { store } = this.domain;
    const isWritten = this.random.chance(0.5);
    let left = transactions;
    return Object.create(store, {
      transact: {
        value: async <T>(work: (txn: Transaction) => Promise<T>, options?: TransactOptions) => {
          if (left-- > 0) return store.transact(work, options);
          if (isWritten) await store.transact(work, options);
          throw new KilledError('killed');
        },
      },
    });
  }

  async #told(
    known: Set<bigint>,
    txnId: bigint,
    call: Promise<{ readonly status: { readonly code: MetaServiceCode; readonly msg: string } }>,
  ): Promise<void> {
    const { code, msg } = (await call).status;
    if (code === MetaServiceCode.OK && !msg.includes('not visible yet')) known.add(txnId);
  }

  async #stored() {
    const infos = new Map<bigint, TxnInfoPB>();
    const labels = new Map<string, readonly bigint[]>();
    const [indexes, running, finished] = [new Set<bigint>(), new Set<bigint>(), new Set<bigint>()];
    for (const { key, value } of await storedPairs(this.domain.store)) {
      const info = keys.txnInfo.decode(key);
      if (info) infos.set(info.txn_id, recordFromValue(keys.txnInfo, Buffer.from(key), value));
      const label = keys.txnLabel.decode(key);
      if (label) labels.set(label.label, stampedFromValue(keys.txnLabel, key, value).message.txnIds);
      for (const [kind, ids] of [
        [keys.txnIndex, indexes],
        [keys.txnRunning, running],
        [keys.recycleTxn, finished],
      ] as const) {
        const fields = kind.decode(key);
        if (fields) ids.add(fields.txn_id);
      }
    }
    return { infos, labels, indexes, running, finished };
  }
}
