import type { FillableStore } from '../../kv/fillable-store.ts';
import { holdSnapshot } from '../../kv/held-snapshot.ts';
import type { KeyValue, Store } from '../../kv/store.ts';
import { fillingNote } from '../cluster/cluster-to-fill.ts';
import { pagesOverStates } from '../cluster/pages-over-states.ts';
import { clusterHome, wholeStore, withoutPlace } from '../ranges.ts';

/** A store that is moved. */
export interface MoveSource {
  /** What it is called in the mark of the store that it is moved to. The same name is the same store. */
  readonly name: string;
  /** Whether it may go on to be written to. Then ids are left out that it may give out meanwhile. */
  readonly in_use: boolean;
  /** Whether `pages` gives one state, and the same each time. Otherwise it is read twice. */
  readonly is_held: boolean;
  /** How many pairs there are, where that is known. */
  readonly all_pairs: number | undefined;
  /** All pairs, in their order, as often as they are asked for. */
  pages(): AsyncIterable<readonly KeyValue[]>;
  /** A version that nothing which was read is above. */
  version(): Promise<bigint>;
  /** Whether it is marked as being filled, which it is not unless it is the very store that it is moved to. */
  isMarked(): Promise<boolean>;
  /** Gives back what is held of it. */
  release(): void;
}

/** A store that keeps the state which is moved, for as long as that takes. */
export async function heldSource(store: Store, name: string, in_use: boolean): Promise<MoveSource> {
  const held = await holdSnapshot(store);
  const ranges = withoutPlace([wholeStore(store.limits.key_bytes)]);
  return {
    ...{ name, in_use, is_held: true, all_pairs: store.stats?.().keys },
    async *pages() {
      for (const { begin, end } of ranges) yield* held.getRange(begin, end);
    },
    version: async () => held.version,
    isMarked: async () => false,
    release: () => held.release(),
  };
}

/** A store in a cluster, which keeps no state for as long as it takes to read it. */
export function clusterSource(store: Store, name: string, in_use: boolean): MoveSource {
  return {
    ...{ name, in_use, is_held: false, all_pairs: undefined },
    pages: () => pagesOverStates(store, clusterHome),
    version: () => store.transact((txn) => txn.readVersion()),
    isMarked: async () => (await fillingNote(store)) !== undefined,
    release: () => undefined,
  };
}

/** What has come to the store that is filled, read from it again. */
export async function* pagesOfTarget(target: FillableStore): AsyncGenerator<readonly KeyValue[]> {
  if (target.holdSnapshot === undefined) {
    yield* pagesOverStates(target, target.home);
    return;
  }
  const held = await target.holdSnapshot();
  try {
    for (const { begin, end } of target.home) yield* held.getRange(begin, end);
  } finally {
    held.release();
  }
}
