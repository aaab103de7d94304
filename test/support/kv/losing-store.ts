import type { EmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { type ReceiptKeys, Receipts, type ReliantTransaction } from '../../../src/kv/receipts.ts';
import type { Store, Transaction } from '../../../src/kv/store.ts';
import { StoreError, StoreErrorCode } from '../../../src/kv/store-error.ts';
import { transact } from '../../../src/kv/transact.ts';
import type { Random } from '../random.ts';

/**
 * What becomes of a commit: its answer comes, or gets lost after the commit was made, or the commit itself gets lost, or is
 * still on its way when it is taken for lost.
 */
export type Fate = 'answered' | 'made' | 'not made' | 'late';

/** Where the store keeps its receipts: behind all keys that there are. */
export const RECEIPTS: ReceiptKeys = {
  range: { begin: Uint8Array.of(0xff, 0x00), end: Uint8Array.of(0xff, 0x01) },
  at: (opener, place) => Buffer.concat([Uint8Array.of(0xff, 0x00), Buffer.from(`${opener} ${place}`)]),
};

/** Whether a key is the fence of a receipt, at an odd place. */
function isFence(key: Uint8Array): boolean {
  return key[0] === 0xff && (key.at(-1) ?? 0) % 2 === 1;
}

export interface LosingStore extends Store {
  readonly receipts: Receipts;
  /** How often each fate befell the commits that wrote something. */
  readonly fates: Record<Fate, number>;
}

/**
 * A store as it is seen across a connection that breaks: `fateOf` says what becomes of each commit that wrote something.
 * It finds out by receipts what became of those that it lost; `blind`, it answers `commit_unknown`, and then its
 * `transact` takes that for an error after which work may run again. Where none is `late`, `unfenced` leaves
 * fences alone, so that it commits as often as its store would without losses, and gives out the same versions.
 */
export function losingStore(
  store: EmbeddedStore,
  fateOf: () => Fate,
  { blind = false, unfenced = false } = {},
): LosingStore {
  const fates = { answered: 0, made: 0, 'not made': 0, late: 0 };
  const beginLosing = () =>
    losing(unfenced ? withoutFences(store.begin()) : store.begin(), () => {
      const fate = fateOf();
      fates[fate]++;
      return fate;
    });
  const receipts = new Receipts(beginLosing, RECEIPTS);
  const begin = blind ? () => careless(beginLosing()) : () => receipts.begin();
  return {
    limits: store.limits,
    receipts,
    fates,
    begin,
    transact: async (work, options) => transact(begin, work, options),
    async close() {
      await receipts.settled();
      await store.close();
    },
  };
}

/** One of the three at random, the answer half of the time. */
export function randomFate(random: Random): () => Fate {
  return () => random.pick<Fate>(['answered', 'answered', 'answered', 'made', 'not made', 'late']);
}

const WRITES: ReadonlySet<string | symbol> = new Set([
  'set',
  'clear',
  'clearRange',
  'add',
  'setVersionstampedKey',
  'setVersionstampedValue',
]);

/** The transaction, with another commit where it has written. */
function losing(inner: ReliantTransaction, fateOf: () => Fate): ReliantTransaction {
  let has_written = false;
  return replacing(inner, (name) => {
    has_written ||= WRITES.has(name);
    if (name !== 'commit' || !has_written) return undefined;
    return async () => {
      const fate = fateOf();
      if (fate === 'not made') inner.cancel();
      else if (fate === 'late') commitLater(inner);
      else await inner.commit();
      if (fate !== 'answered') throw new StoreError(StoreErrorCode.CommitUnknown, 'The connection broke.');
    };
  });
}

/** The transaction, which only reads where it would only write to a fence. */
function withoutFences(inner: ReliantTransaction): ReliantTransaction {
  return replacing(inner, (name) => {
    if (name !== 'setVersionstampedValue') return undefined;
    return (key: Uint8Array, value: Uint8Array, offset: number) => {
      if (!isFence(key)) inner.setVersionstampedValue(key, value, offset);
    };
  });
}

/** Commits at some time, if nothing is in the way by then. */
function commitLater(inner: Transaction): void {
  const commit = () => void Promise.resolve(inner.commit()).catch(() => undefined);
  if (Math.random() < 0.5) setImmediate(commit);
  else setTimeout(commit, 5);
}

/** The transaction, whose commit says that work may run again when nobody knows what became of it. */
function careless(inner: Transaction): Transaction {
  return replacing(inner, (name) => {
    if (name !== 'commit') return undefined;
    return () =>
      Promise.resolve(inner.commit()).catch((error: unknown) => {
        const is_unknown = error instanceof StoreError && error.code === StoreErrorCode.CommitUnknown;
        throw is_unknown ? new StoreError(StoreErrorCode.Busy, error.message) : error;
      });
  });
}

function replacing<T extends Transaction>(inner: T, replacement: (name: string | symbol) => unknown): T {
  return new Proxy(inner, {
    get(target, name) {
      const other = replacement(name);
      if (other !== undefined) return other;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
