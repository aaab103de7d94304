import { slices } from './recycle-batch.ts';
import type { SweepContext } from './sweep.ts';
import { wholeOrAlone } from './whole-or-alone.ts';

export interface BatchOptions<Item> {
  /** The most items to work on together. */
  readonly size: number;
  /** What a failure calls an item. */
  readonly nameOf: (item: Item) => string;
  readonly work: (items: readonly Item[]) => Promise<void>;
}

/**
 * Works on items in batches. When a batch fails, each of its items is tried alone, so that one which can't be done holds
 * up none of the others; those that fail even so are noted. So `work` must do all of a batch or nothing of it, or be safe
 * to run twice.
 */
export async function inBatches<Item>(
  context: SweepContext,
  items: readonly Item[],
  { size, nameOf, work }: BatchOptions<Item>,
): Promise<void> {
  for (const batch of slices(items, size)) {
    await wholeOrAlone(context, batch, nameOf, async (some) => {
      await work(some);
      return [];
    });
  }
}
