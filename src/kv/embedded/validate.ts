import { keyAfter, sameBytes } from '../bytes.ts';
import type { Overlay } from '../overlay.ts';
import type { ReadSet } from '../read-set.ts';
import type { Lease } from './lease.ts';

/** Whether those that commit before in the same batch write nothing of what was read. */
export function untouched(reads: ReadSet, ahead: Overlay): boolean {
  if (ahead.empty) {
    return true;
  }
  for (const key of reads.keys) {
    if (ahead.get(key) !== undefined) {
      return false;
    }
  }
  return !reads.ranges.ranges().some((range) => ahead.touches(range.begin, range.end));
}

/** Whether everything that was read from `snapshot` would be read the same from `latest`. */
export function unchanged(reads: ReadSet, snapshot: Lease, latest: Lease): boolean {
  for (const key of reads.keys) {
    if (!sameBytes(snapshot.get(key), latest.get(key))) {
      return false;
    }
  }
  return reads.ranges.ranges().every((range) => sameRange(range.begin, range.end, snapshot, latest));
}

const COMPARED_AT_A_TIME = 256;

function sameRange(begin: string, end: string, snapshot: Lease, latest: Lease): boolean {
  let from = begin;
  for (;;) {
    const before = snapshot.scan(from, end, COMPARED_AT_A_TIME, false);
    const now = latest.scan(from, end, COMPARED_AT_A_TIME, false);
    if (before.pairs.length !== now.pairs.length || before.last !== now.last) {
      return false;
    }
    for (let i = 0; i < before.pairs.length; i++) {
      const was = before.pairs[i];
      const is = now.pairs[i];
      if (!sameBytes(was?.key, is?.key) || !sameBytes(was?.value, is?.value)) {
        return false;
      }
    }
    const last = before.pairs[before.pairs.length - 1];
    if (before.last || last === undefined) {
      return true;
    }
    from = keyAfter(Buffer.from(last.key).toString('latin1'));
  }
}
