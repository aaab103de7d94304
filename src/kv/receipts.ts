import { randomBytes } from 'node:crypto';
import { collectPage } from './collect-range.ts';
import { ReceiptedTransaction } from './receipted-transaction.ts';
import { type Transaction, VERSIONSTAMP_BYTES } from './store.ts';
import { transact } from './transact.ts';

/** How long a receipt is kept: far longer than any commit waits for its answer. */
const KEPT_MS = 24 * 60 * 60 * 1000;
const REMOVED_AT_A_TIME = 1_000;

const OPENER_BYTES = 16;
const SLOT_BYTES = 4;
/** A receipt is the versionstamp of the commit, its number, and when it was written, in milliseconds since 1970. */
const NUMBER_OFFSET = VERSIONSTAMP_BYTES;
const TIME_OFFSET = NUMBER_OFFSET + 8;
const RECEIPT_BYTES = TIME_OFFSET + 8;

/** What a transaction writes so that it can be known afterwards whether it was committed. */
export interface Receipt {
  readonly key: Uint8Array;
  /** Its first ten bytes are for the versionstamp. */
  readonly value: Uint8Array;
}

/**
 * By which an engine that may lose sight of its commits finds out what became of them: each writes a receipt, which is
 * looked for when the answer does not come. Its keys are in a space of the engine's own, which nobody else uses. One key
 * serves one commit after the other, so there are as many as commits were in flight at a time.
 */
export class Receipts {
  readonly #begin: () => Transaction;
  readonly #space: Uint8Array;
  readonly #opener = randomBytes(OPENER_BYTES);
  readonly #now_ms: () => number;
  /** Slots that no commit uses at the moment. */
  readonly #free: number[] = [];
  readonly #in_flight = new Set<Promise<void>>();
  #slots = 0;
  #number = 0n;

  /** `begin` begins the transactions of the engine; `space` is how all keys of receipts begin. */
  constructor(begin: () => Transaction, space: Uint8Array, now_ms: () => number = Date.now) {
    this.#begin = begin;
    this.#space = space;
    this.#now_ms = now_ms;
  }

  /** A transaction whose commit is `commit_unknown` only when its receipt can't be looked for either. */
  begin(): Transaction {
    return new ReceiptedTransaction(this.#begin(), this);
  }

  /** Runs `commit` with a receipt that no other commit uses meanwhile. */
  async with(commit: (receipt: Receipt) => Promise<void>): Promise<void> {
    const slot = this.#free.pop() ?? this.#slots++;
    const value = Buffer.alloc(RECEIPT_BYTES);
    value.writeBigUInt64BE(this.#number++, NUMBER_OFFSET);
    value.writeBigUInt64BE(BigInt(this.#now_ms()), TIME_OFFSET);
    const running = commit({ key: this.#keyOf(slot), value });
    this.#in_flight.add(running);
    try {
      await running;
    } finally {
      this.#in_flight.delete(running);
      this.#free.push(slot);
    }
  }

  /** The versionstamp of the commit that has left a receipt; undefined when it was not made. */
  find({ key, value }: Receipt): Promise<Uint8Array | undefined> {
    return transact(this.#begin, async (txn) => {
      const found = await txn.get(key);
      if (found === undefined) return undefined;
      const is_same = Buffer.compare(found.subarray(NUMBER_OFFSET), value.subarray(NUMBER_OFFSET)) === 0;
      return is_same ? Uint8Array.from(found.subarray(0, VERSIONSTAMP_BYTES)) : undefined;
    });
  }

  /** Resolves when no commit is in flight any more, and none waits to hear what became of it. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#in_flight);
  }

  /** Removes what other processes have left, and no longer need: to be done when a store is opened. */
  async sweep(): Promise<void> {
    const oldest_ms = BigInt(this.#now_ms() - KEPT_MS);
    const end = endOf(this.#space);
    let from: Uint8Array | undefined = this.#space;
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

  #keyOf(slot: number): Uint8Array {
    const end = Buffer.alloc(SLOT_BYTES);
    end.writeUInt32BE(slot);
    return Buffer.concat([this.#space, this.#opener, end]);
  }
}

/** Above all keys of receipts that begin so. */
function endOf(prefix: Uint8Array): Uint8Array {
  return Buffer.concat([prefix, Buffer.alloc(OPENER_BYTES + SLOT_BYTES + 1, 0xff)]);
}
