import { noteFailure } from './note-failure.ts';
import type { SweepContext } from './sweep.ts';

/**
 * What `work` makes of items: of all of them together or, where that fails, of each alone, so that one which can't be done
 * holds up none of the others. Those that fail even so are noted, by the names that `nameOf` has for them. So `work` must do all or nothing.
 */
export async function wholeOrAlone<Item, Result>(
  context: SweepContext,
  items: readonly Item[],
  nameOf: (item: Item) => string,
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  context.signal.throwIfAborted();
  try {
    return await work(items);
  } catch (error) {
    const [first, ...others] = items;
    if (first === undefined) throw error;
    if (others.length > 0) {
      const results: Result[] = [];
      for (const item of items) results.push(...(await wholeOrAlone(context, [item], nameOf, work)));
      return results;
    }
    noteFailure(context, nameOf(first), error);
    return [];
  }
}
