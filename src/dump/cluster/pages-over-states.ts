import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyRange } from '../../keys/key-kind.ts';
import type { KeyValue, Store } from '../../kv/store.ts';
import { StoreError, StoreErrorCode } from '../../kv/store-error.ts';

/** For how long one state is read from: the engine keeps it for five seconds. */
const STATE_MS = 2_000;
/** How often in a row a state may end before anything was read from it. */
const MOST_FRUITLESS = 20;
const PAUSE_MS = 100;
const ZERO = Buffer.of(0);

/**
 * The pairs of ranges, in pages none of which is empty, from an engine that keeps no state for long: each stretch of some
 * seconds is of a later state than the one before. So they are those of one state only if nothing was written meanwhile.
 */
export async function* pagesOverStates(
  store: Store,
  ranges: readonly KeyRange[],
): AsyncGenerator<readonly KeyValue[], void, undefined> {
  for (const { begin, end } of ranges) yield* pagesOfRange(store, begin, end);
}

async function* pagesOfRange(store: Store, begin: Buffer, end: Buffer): AsyncGenerator<readonly KeyValue[]> {
  let from: Uint8Array = begin;
  for (let fruitless = 0; ; ) {
    const txn = store.begin();
    const until_ms = performance.now() + STATE_MS;
    try {
      let is_last = true;
      for await (const page of txn.getRange(from, end, { snapshot: true })) {
        fruitless = 0;
        from = Buffer.concat([page.at(-1)?.key ?? from, ZERO]);
        yield page;
        // Whoever takes the pages may need long for one.
        is_last = performance.now() < until_ms;
        if (!is_last) break;
      }
      if (is_last) return;
    } catch (error) {
      if (!mayGoOn(error) || ++fruitless >= MOST_FRUITLESS) throw error;
      await sleep(PAUSE_MS);
    } finally {
      txn.cancel();
    }
  }
}

/** Whether another state may be read where this one could not be any further. */
function mayGoOn(error: unknown): boolean {
  return error instanceof StoreError && (error.retryable || error.code === StoreErrorCode.TimedOut);
}
