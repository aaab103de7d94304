import type { KeyRange } from '../keys/key-kind.ts';
import type { KeyValue } from '../kv/store.ts';
import { AtATime } from './at-a-time.ts';
import { noteFailure } from './note-failure.ts';
import { hexOf } from './record-of-pair.ts';
import { type ScanOptions, scanInPages } from './scan-in-pages.ts';
import type { SweepContext } from './sweep.ts';

/** A record that is due to go. */
export interface Due {
  /** As it was read. */
  readonly pair: KeyValue;
  /** For whoever asks what would go. */
  readonly why: string;
}

export interface RecyclingOptions<Item extends Due> extends ScanOptions {
  readonly range: KeyRange;
  /** Those of a page that are due. What can't be judged it notes as failed and leaves out. */
  readonly dueOf: (page: readonly KeyValue[]) => readonly Item[] | Promise<readonly Item[]>;
  /**
   * Makes the items of a batch go, and notes in `progress` what is gone. Before it deletes anything it looks at the state
   * again that an item is due for. When it rejects, all items of the batch are noted as failed; it may note single ones.
   */
  readonly reclaim: (items: readonly Item[]) => Promise<void>;
  /** The most items of a batch; unless told, as many as a page has. */
  readonly batch_items?: number;
  /** How many batches are worked on side by side. */
  readonly batches_at_a_time?: number;
}

const BATCHES_AT_A_TIME = 4;

/**
 * Goes through a range and makes go what is due in it, in batches. It holds no more than a page and the batches that are
 * under way. In a dry run it says what would go, and does nothing.
 */
export async function recycleInBatches<Item extends Due>(
  context: SweepContext,
  { range, dueOf, reclaim, batch_items, batches_at_a_time = BATCHES_AT_A_TIME, ...scan }: RecyclingOptions<Item>,
): Promise<void> {
  const { store, progress, signal, dry_run } = context;
  const running = new AtATime(batches_at_a_time);
  try {
    for await (const page of scanInPages(store, range, scan)) {
      signal.throwIfAborted();
      progress.scanned(page.length);
      const due = await dueOf(page);
      progress.found(due.length);
      if (dry_run) {
        for (const { pair, why } of due) progress.planned({ what: hexOf(pair), why });
        continue;
      }
      for (const batch of slices(due, batch_items ?? page.length)) {
        await running.begin(() => reclaimed(context, batch, reclaim));
      }
    }
  } finally {
    await running.end();
  }
}

async function reclaimed<Item extends Due>(
  context: SweepContext,
  batch: readonly Item[],
  reclaim: (items: readonly Item[]) => Promise<void>,
): Promise<void> {
  context.signal.throwIfAborted();
  try {
    await reclaim(batch);
  } catch (error) {
    noteFailedBatch(context, batch, error);
  }
}

/** What failures and plans call a record that is due: its key in hexadecimal. */
export function keyOf({ pair }: Due): string {
  return hexOf(pair);
}

/** As `noteFailure`, for items that one failure keeps, of which the log names the first. */
export function noteFailedBatch(context: SweepContext, [first, ...others]: readonly Due[], error: unknown): void {
  if (first === undefined) return;
  noteFailure(context, hexOf(first.pair), error);
  const { lastFailure } = context.progress;
  if (others.length > 0) context.progress.failed(others.length, lastFailure ?? '');
}

/** The items in slices of `size`, the last of which may be shorter. */
export function* slices<Item>(items: readonly Item[], size: number): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
