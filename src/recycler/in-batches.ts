import { noteFailure } from './note-failure.ts';
import type { SweepContext } from './sweep.ts';

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
  for (let at = 0; at < items.length; at += size) {
    context.signal.throwIfAborted();
    const batch = items.slice(at, at + size);
    try {
      await work(batch);
    } catch (error) {
      const [alone, ...others] = batch;
      if (alone !== undefined && others.length === 0) noteFailure(context, nameOf(alone), error);
      else await inBatches(context, batch, { size: 1, nameOf, work });
    }
  }
}
