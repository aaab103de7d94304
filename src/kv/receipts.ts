import { randomBytes } from 'node:crypto';
import { collectPage } from './collect-range.ts';
import { ReceiptedTransaction } from './receipted-transaction.ts';
import { type Transaction, VERSIONSTAMP_BYTES } from './store.ts';
import { StoreError, StoreErrorCode } from './store-error.ts';
import { transact } from './transact.ts';

/** How long a receipt is kept: far longer than any commit waits for its answer. */
const KEPT_MS = 24 * 60 * 60 * 1000;
const REMOVED_AT_A_TIME = 1_000;

/** For how long it is tried to find out what became of a commit. */
const FIND_WITHIN_MS = 60_000;

const OPENER_BYTES = 16;
/** A receipt is the versionstamp of the commit, its number, and when it was written, in milliseconds since 1970. */
const NUMBER_OFFSET = VERSIONSTAMP_BYTES;
const TIME_OFFSET = NUMBER_OFFSET + 8;
export const RECEIPT_BYTES = TIME_OFFSET + 8;

/** Where receipts lie: keys of the engine's own, which nobody else uses. */
export interface ReceiptKeys {
  /** All of them, of every opener. */
  readonly range: { readonly begin: Uint8Array; readonly end: Uint8Array };
  /** One of them for each opener and each place, a number from 0. */
  at(opener: string, place: number): Uint8Array;
}

/** What a transaction writes so that it can be known afterwards whether it was committed. */
export interface Receipt {
  readonly key: Uint8Array;
  /** Its first ten bytes are for the versionstamp. */
  readonly value: Uint8Array;
  /** A key that the transaction relies on, and that nobody writes until its commit is lost. */
  readonly fence: Uint8Array;
}

/** A transaction of an engine that may lose sight of its commits. */
export interface ReliantTransaction extends Transaction {
  /** Makes a later change of `key` a conflict, as if it had been read. The snapshot must be older than the commit. */
  relyOn(key: Uint8Array): void;
}

/**
 * By which an engine that may lose sight of its commits finds out what became of them: each writes a receipt, which is
 * looked for when the answer does not come. Its keys are in a space of the engine's own, which nobody else uses. One key
 * serves one commit after the other, so there are as many as commits were in flight at a time.
 *
 * A commit whose answer does not come may still be on its way, so that its receipt appears later. Therefore each relies on
 * a second key, its fence. Whoever finds no receipt writes there, in the transaction in which it was not found: once that
 * is committed, the other can't be any more. That transaction may get lost, too, and is then run again, which does no harm.
 */
export class Receipts {
  readonly #begin: () => ReliantTransaction;
  readonly #keys: ReceiptKeys;
  readonly #opener = randomBytes(OPENER_BYTES).toString('hex');
  readonly #now_ms: () => number;
  /** Slots that no commit uses at the moment. */
  readonly #free: number[] = [];
  readonly #in_flight = new Set<Promise<void>>();
  #slots = 0;
  #number = 0n;

  /** `begin` begins the transactions of the engine. */
  constructor(begin: () => ReliantTransaction, keys: ReceiptKeys, now_ms: () => number = Date.now) {
    this.#begin = begin;
    this.#keys = keys;
    this.#now_ms = now_ms;
  }

  /** `inner`, whose commit is `commit_unknown` now only when its receipt can't be looked for either. */
  begin(inner: ReliantTransaction = this.#begin()): Transaction {
    return new ReceiptedTransaction(inner, this);
  }

  /** Runs `commit` with a receipt that no other commit uses meanwhile. */
  async with(commit: (receipt: Receipt) => Promise<void>): Promise<void> {
    const slot = this.#free.pop() ?? this.#slots++;
    const [key, fence] = [2 * slot, 2 * slot + 1].map((place) => this.#keys.at(this.#opener, place)) as [
      Uint8Array,
      Uint8Array,
    ];
    const value = Buffer.alloc(RECEIPT_BYTES);
    value.writeBigUInt64BE(this.#number++, NUMBER_OFFSET);
    value.writeBigUInt64BE(BigInt(this.#now_ms()), TIME_OFFSET);
    const running = commit({ key, value, fence });
    this.#in_flight.add(running);
    try {
      await running;
    } finally {
      this.#in_flight.delete(running);
      this.#free.push(slot);
    }
  }

  /** The versionstamp of the commit that has left a receipt; undefined when it was not made, and never will be. */
  async find(receipt: Receipt): Promise<Uint8Array | undefined> {
    const until_ms = performance.now() + FIND_WITHIN_MS;
    for (;;) {
      try {
        return await transact(this.#begin, (txn) => look(txn, receipt), { within_ms: FIND_WITHIN_MS });
      } catch (error) {
        const is_worth_it = error instanceof StoreError && (error.retryable || LOST.has(error.code));
        if (!is_worth_it || performance.now() >= until_ms) throw error;
      }
    }
  }

  /** Resolves when no commit is in flight any more, and none waits to hear what became of it. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#in_flight);
  }

  /** Removes what other processes have left, and no longer need: to be done when a store is opened. */
  async sweep(): Promise<void> {
    const oldest_ms = BigInt(this.#now_ms() - KEPT_MS);
    const { begin: first, end } = this.#keys.range;
    let from: Uint8Array | undefined = first;
    while (from !== undefined) {
      const begin: Uint8Array = from;
      from = await transact(
        () => this.begin(),
        async (txn) => {
          const { pairs, rest } = await collectPage(txn, begin, end, { limit: REMOVED_AT_A_TIME });
          for (const { key, value } of pairs) {
            if (Buffer.from(value).readBigUInt64BE(TIME_OFFSET) < oldest_ms) txn.clear(key);
          }
          return rest;
        },
      );
    }
  }
}

/** After these it is worth to look again, and after all that a transaction is run again for. */
const LOST: ReadonlySet<StoreErrorCode> = new Set([StoreErrorCode.CommitUnknown, StoreErrorCode.TimedOut]);

async function look(txn: Transaction, { key, value, fence }: Receipt): Promise<Uint8Array | undefined> {
  const found = await txn.get(key);
  const is_same =
    found !== undefined && Buffer.compare(found.subarray(NUMBER_OFFSET), value.subarray(NUMBER_OFFSET)) === 0;
  if (is_same) return Uint8Array.from(found.subarray(0, VERSIONSTAMP_BYTES));
  txn.setVersionstampedValue(fence, value, 0);
  return undefined;
}
