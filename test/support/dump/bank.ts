import type { Store } from '../../../src/kv/store.ts';
import { decodeVersionstamp } from '../../../src/kv/versionstamp.ts';
import type { Random } from '../random.ts';

/**
 * A store whose transactions keep what can be checked afterwards: the money of all accounts together is always the same, and
 * each transfer has left one line in a book, at a key with its versionstamp, and has added one to a counter. A copy that is
 * not one state of it shows in one of the three.
 */
export interface Bank {
  readonly accounts: number;
  /** Pairs that never change, in between. */
  readonly others: number;
}

const MONEY = 1_000n;
const BOOK = Buffer.from('k5 book ');
const COUNTER = Buffer.from('k9 counter');
const PAIRS_OF_A_TRANSACTION = 40_000;

/** Accounts are spread over all keys, so that a copy takes long from the first to the last. */
function accountKey({ accounts }: Bank, i: number): Buffer {
  return Buffer.from(`k${Math.floor((i * 10) / accounts)} account ${String(i).padStart(8, '0')}`);
}

function otherKey({ others }: Bank, i: number): Buffer {
  return Buffer.from(`k${Math.floor((i * 10) / others)} other ${String(i).padStart(8, '0')} of an instance`);
}

function number(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return bytes;
}

const amountIn = (bytes: Uint8Array) => Buffer.from(bytes).readBigInt64LE();

/** Stores what there is before the first transfer. */
export async function fillBank(store: Store, bank: Bank): Promise<void> {
  await store.transact(async (txn) => {
    for (let i = 0; i < bank.accounts; i++) txn.set(accountKey(bank, i), number(MONEY));
    txn.set(COUNTER, number(0n));
  });
  const value = Buffer.alloc(80, 'v');
  for (let from = 0; from < bank.others; from += PAIRS_OF_A_TRANSACTION) {
    await store.transact(async (txn) => {
      const end = Math.min(bank.others, from + PAIRS_OF_A_TRANSACTION);
      for (let i = from; i < end; i++) txn.set(otherKey(bank, i), value);
    });
  }
}

/** Transfers money between two accounts, over and over, until the signal is aborted. Resolves with how often. */
export async function keepTransferring(store: Store, bank: Bank, random: Random, signal: AbortSignal): Promise<number> {
  let transfers = 0;
  for (; !signal.aborted; transfers++) {
    const [from, to] = [accountKey(bank, random.int(bank.accounts)), accountKey(bank, random.int(bank.accounts))];
    const amount = BigInt(1 + random.int(50));
    await store.transact(async (txn) => {
      const have = amountIn((await txn.get(from)) ?? number(0n));
      txn.set(from, number(have - amount));
      txn.set(to, number(amountIn((await txn.get(to)) ?? number(0n)) + amount));
      txn.setVersionstampedKey(Buffer.concat([BOOK, Buffer.alloc(10)]), BOOK.length, number(amount));
      txn.add(COUNTER, 1n);
    });
  }
  return transfers;
}

/** What a store holds of a bank, for comparing it with what it must be. */
export interface Audit {
  readonly pairs: number;
  readonly accounts: number;
  readonly money: bigint;
  /** What the counter says, and the lines in the book. */
  readonly counted: bigint;
  readonly lines: number;
  /** The version of the last transfer; 0 before the first. */
  readonly last_version: bigint;
}

/** Reads a whole store. */
export async function audit(store: Store): Promise<Audit> {
  let [pairs, accounts, money, counted, lines, last_version] = [0, 0, 0n, 0n, 0, 0n];
  const held = await store.holdSnapshot?.();
  if (held === undefined) throw new Error('the store can hold no state');
  for await (const page of held.getRange(Buffer.from('k'), Buffer.from('l'))) {
    for (const { key, value } of page) {
      pairs++;
      const bytes = Buffer.from(key);
      if (bytes.equals(COUNTER)) counted = amountIn(value);
      else if (bytes.subarray(0, BOOK.length).equals(BOOK)) {
        lines++;
        last_version = decodeVersionstamp(bytes.subarray(BOOK.length)).version;
      } else if (bytes.toString('latin1', 3, 10) === 'account') {
        accounts++;
        money += amountIn(value);
      }
    }
  }
  held.release();
  return { pairs, accounts, money, counted, lines, last_version };
}

/** What the audit of any state of a bank must say, given how many transfers it has seen. */
export function soundAudit({ accounts, others }: Bank, transfers: number, last_version: bigint): Audit {
  const money = BigInt(accounts) * MONEY;
  const pairs = accounts + others + transfers + 1;
  return { pairs, accounts, money, counted: BigInt(transfers), lines: transfers, last_version };
}
