import type { Awaitable } from '../awaitable.ts';
import { type KeyText, keyAfter, keyBytes, keyText } from './bytes.ts';
import { addToCounter } from './counter.ts';
import type { Overlay } from './overlay.ts';
import type { Snapshot, SnapshotPage } from './snapshot.ts';
import type { KeyValue } from './store.ts';
import { StoreError, StoreErrorCode } from './store-error.ts';
import type { WriteBuffer } from './write-buffer.ts';

/** The value that a transaction sees at `key`: its own write where there is one, the snapshot's value otherwise. Writes that depend on a versionstamp must have been ruled out. */
export function getThrough(overlay: Overlay, snapshot: Snapshot, key: KeyText): Awaitable<Uint8Array | undefined> {
  const write = overlay.get(key);
  switch (write?.kind) {
    case 'value':
      return Buffer.from(write.value);
    case 'more': {
      const below = snapshot.get(key);
      const { delta } = write;
      return below instanceof Promise ? below.then((base) => addToCounter(base, delta)) : addToCounter(below, delta);
    }
    case undefined:
      return snapshot.get(key);
    default:
      return undefined;
  }
}

/** `Snapshot.scan` with the overlay's writes in their places. */
async function scanThrough(
  overlay: Overlay,
  snapshot: Snapshot,
  begin: KeyText,
  end: KeyText,
  limit: number,
  reverse: boolean,
): Promise<SnapshotPage> {
  let low = begin;
  let high = end;
  for (;;) {
    const page = await snapshot.scan(low, high, limit, reverse);
    if (overlay.empty || !overlay.touches(low, high)) {
      return page;
    }
    // The snapshot's page says what lies between where it began and its last pair; there the overlay can be laid over it.
    const last = page.last ? undefined : lastKey(page.pairs);
    const from = reverse ? (last ?? low) : low;
    const to = reverse || last === undefined ? high : keyAfter(last);
    const merged = merge(overlay, page.pairs, overlay.keysIn(from, to), reverse);
    if (merged.length > limit) {
      return { pairs: merged.slice(0, limit), last: false };
    }
    if (merged.length > 0 || page.last) {
      return { pairs: merged, last: page.last };
    }
    // Everything in this stretch was cleared: go on behind it.
    if (reverse) {
      high = from;
    } else {
      low = to;
    }
  }
}

/** `Snapshot.scan` through a transaction's own writes. Rejects with `misuse` where they depend on a versionstamp. */
export async function scanThroughWrites(
  writes: WriteBuffer,
  snapshot: Snapshot,
  low: KeyText,
  high: KeyText,
  limit: number,
  reverse: boolean,
): Promise<SnapshotPage> {
  const page = await scanThrough(writes.overlay(), snapshot, low, high, limit, reverse);
  const last = page.last ? undefined : lastKey(page.pairs);
  const from = reverse && last !== undefined ? last : low;
  const to = !reverse && last !== undefined ? keyAfter(last) : high;
  if (writes.unknownIn(from, to)) throw unreadable();
  return page;
}

/** Why what a transaction has written with a versionstamp can't be read in it. */
export function unreadable(): StoreError {
  return new StoreError(
    StoreErrorCode.Misuse,
    'This transaction has written there with a versionstamp, which is known only after the commit.',
  );
}

function lastKey(pairs: readonly KeyValue[]): KeyText | undefined {
  const last = pairs[pairs.length - 1];
  return last === undefined ? undefined : keyText(last.key);
}

/** The snapshot's pairs and the overlay's keys of one stretch, in order, each with the value that is to be seen. */
function merge(overlay: Overlay, pairs: readonly KeyValue[], written: KeyText[], reverse: boolean): KeyValue[] {
  const seen: KeyValue[] = [];
  const ahead = reverse ? written.reverse() : written;
  let next = 0;
  for (const pair of pairs) {
    const key = keyText(pair.key);
    for (let own = ahead[next]; own !== undefined && (reverse ? own > key : own < key); own = ahead[++next]) {
      pushOwn(seen, overlay, own, undefined);
    }
    if (ahead[next] === key) {
      next++;
      pushOwn(seen, overlay, key, pair.value);
    } else if (overlay.get(key) === undefined) {
      seen.push(pair);
    }
  }
  for (const own of ahead.slice(next)) {
    pushOwn(seen, overlay, own, undefined);
  }
  return seen;
}

function pushOwn(seen: KeyValue[], overlay: Overlay, key: KeyText, below: Uint8Array | undefined): void {
  const write = overlay.get(key);
  if (write?.kind === 'value') {
    seen.push({ key: keyBytes(key), value: Buffer.from(write.value) });
  } else if (write?.kind === 'more') {
    seen.push({ key: keyBytes(key), value: addToCounter(below, write.delta) });
  } else if (write?.kind === 'unknown') {
    // The caller refuses a range with such a key once it knows that the page reaches this far.
    seen.push({ key: keyBytes(key), value: new Uint8Array() });
  }
}
