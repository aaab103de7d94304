/**
 * Works on items, `most` at a time, and yields what comes of each in their order. `work` must not reject: while an
 * earlier result is waited for, nobody would take the rejection.
 */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  most: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const begun: Promise<Result>[] = [];
  for (const item of items) {
    begun.push(work(item));
    if (begun.length < most) continue;
    const first = begun.shift();
    if (first !== undefined) yield await first;
  }
  for (const rest of begun) yield await rest;
}
