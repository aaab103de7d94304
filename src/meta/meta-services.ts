import type { Store } from '../kv/store.ts';
import type { Logger } from '../observe/logger.ts';
import type { MetaServices, MetaSettings } from './call.ts';
import { LazyCommits } from './commit/lazy-commits.ts';
import { PartitionTurns } from './commit/partition-turns.ts';
import { BitmapRoom } from './delete-bitmap/bitmap-room.ts';
import { NodeIndex } from './identity/node-index.ts';
import type { Keyring } from './secrets/keyring.ts';

export interface MetaServicesOptions {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly logger: Logger;
  readonly settings: MetaSettings & {
    /** The most rowsets of a lazy commit that become visible in one transaction of the store. */
    readonly txn_lazy_max_rowsets_per_batch: number;
    /** What the delete bitmaps of all answers may hold at a time. */
    readonly max_delete_bitmap_bytes: number;
    /** On FoundationDB, Doris' own services may write beside this one. */
    readonly kv: 'embedded' | 'foundationdb';
  };
  /** Milliseconds since 1970. */
  readonly now_ms?: () => number;
}

/** What calls of one process share, at its start. */
export function createMetaServices(options: MetaServicesOptions): MetaServices {
  const { store, keyring, logger, settings, now_ms = Date.now } = options;
  return {
    nodes: new NodeIndex({ is_list_whole: settings.kv === 'embedded', now_ms }),
    keyring,
    lazyCommits: new LazyCommits({ ...settings, store, logger, now_ms }),
    partitionTurns: new PartitionTurns(),
    bitmapRoom: new BitmapRoom(settings),
    settings,
    now_ms,
  };
}
