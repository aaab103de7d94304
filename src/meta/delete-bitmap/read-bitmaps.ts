import { setImmediate } from 'node:timers/promises';
import type { KeyRange } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { scanBytes } from '../../records/bytes-record.ts';
import type { CallInSteps } from '../call.ts';
import { type RowsetVersions, rangeOfVersions } from './rowset-versions.ts';

/** How much one transaction reads before another goes on: none may take long, and others get their turn in between. */
const STEP_BYTES = 4 * 1024 * 1024;

/** So many rowsets are looked for together, in the order of their keys. */
const ROWSETS_TOGETHER = 500;

/** What a bitmap adds to an answer besides its bytes and the id of its rowset. */
const ENTRY_BYTES = 64;

export interface TabletPlace {
  readonly instance_id: string;
  readonly tablet_id: bigint;
}

export interface FoundBitmap {
  readonly rowset_id: string;
  readonly version: bigint;
  readonly segment_id: number;
  readonly bytes: Uint8Array;
}

export interface FoundBitmaps {
  readonly bitmaps: FoundBitmap[];
  /** Of the bitmaps, as an answer. */
  readonly size_bytes: number;
}

/**
 * The bitmaps of a tablet's rowsets: by the order of the rowsets as given, then by version and segment. Undefined once they
 * take more than `fits` allows. What it costs grows with the bitmaps that there are; rowsets without any cost little.
 */
export async function readBitmaps(
  call: CallInSteps,
  tablet: TabletPlace,
  rowsets: readonly RowsetVersions[],
  fits: (size_bytes: number) => boolean,
): Promise<FoundBitmaps | undefined> {
  const bitmaps: FoundBitmap[] = [];
  let size_bytes = 0;
  for (let next = 0; next < rowsets.length; next += ROWSETS_TOGETHER) {
    const asked = inOrder(rowsets.slice(next, next + ROWSETS_TOGETHER));
    const found = asked.map((): FoundBitmap[] => []);
    for (let position: Position = { next: 0 }; position.next < asked.length; ) {
      if (next > 0 || size_bytes > 0) await setImmediate();
      const from = position;
      const step = await call.transact(({ txn }) => readStep(txn, tablet, asked, from));
      size_bytes += step.size_bytes;
      if (!fits(size_bytes)) return undefined;
      for (const { place, bitmap } of step.found) found[place]?.push(bitmap);
      position = step.position;
    }
    for (const ofOne of found) for (const bitmap of ofOne) bitmaps.push(bitmap);
  }
  return { bitmaps, size_bytes };
}

/** What is asked of one rowset. */
interface Asked extends RowsetVersions {
  /** Which of the rowsets it is. */
  readonly place: number;
  /** Its id, as keys are ordered. */
  readonly order: Buffer;
}

/** What is asked, in the order of the keys. */
function inOrder(rowsets: readonly RowsetVersions[]): Asked[] {
  const asked = rowsets.map(({ rowset_id, begin, end }, place): Asked => {
    return { rowset_id, begin, end, place, order: Buffer.from(rowset_id) };
  });
  return asked.sort((a, b) => Buffer.compare(a.order, b.order) || (a.begin < b.begin ? -1 : Number(a.begin > b.begin)));
}

/** Where reading goes on: at this one of what is asked, and at this key of it. */
interface Position {
  readonly next: number;
  readonly begin?: Buffer;
}

interface Step {
  readonly found: readonly { readonly place: number; readonly bitmap: FoundBitmap }[];
  readonly size_bytes: number;
  readonly position: Position;
}

const SNAPSHOT = { snapshot: true } as const;

/** Reads on from a position, as much as one transaction should. */
async function readStep(txn: Transaction, tablet: TabletPlace, asked: readonly Asked[], from: Position): Promise<Step> {
  const found: { place: number; bitmap: FoundBitmap }[] = [];
  let size_bytes = 0;
  let ahead: Ahead | undefined;
  let lastHadNone = false;
  for (let next = from.next; next < asked.length; next++) {
    const one = asked[next] as Asked;
    if (one.begin > one.end || isBehind(ahead, one)) continue;
    const { begin, end } = rangeOfVersions(tablet.instance_id, tablet.tablet_id, one) as KeyRange;
    // Where one had none, others may have none either: a look ahead passes over all of these at once.
    if (lastHadNone && !isAtOrBehind(ahead, one)) {
      ahead = await nextBitmap(txn, tablet, begin);
      if (isBehind(ahead, one)) continue;
    }
    const before = found.length;
    const rest = { begin: (next === from.next && from.begin) || begin, end };
    for await (const { fields, value } of scanBytes(txn, keys.metaDeleteBitmap, rest, SNAPSHOT)) {
      if (size_bytes >= STEP_BYTES) {
        return { found, size_bytes, position: { next, begin: keys.metaDeleteBitmap.encode(fields) } };
      }
      const segment_id = Number(BigInt.asUintN(32, fields.segment_id));
      const { rowset_id, place } = one;
      found.push({ place, bitmap: { rowset_id, version: fields.version, segment_id, bytes: value } });
      size_bytes += value.length + rowset_id.length + ENTRY_BYTES;
    }
    lastHadNone = found.length === before;
  }
  return { found, size_bytes, position: { next: asked.length } };
}

/** The next bitmap of the tablet from some key on, or that there is none. */
type Ahead = { readonly order: Buffer; readonly version: bigint } | 'none';

async function nextBitmap(txn: Transaction, tablet: TabletPlace, begin: Buffer): Promise<Ahead | undefined> {
  const { end } = keys.metaDeleteBitmap.range(tablet);
  for await (const [first] of txn.getRange(begin, end, { ...SNAPSHOT, limit: 1 })) {
    const fields = first && keys.metaDeleteBitmap.read(first.key)?.fields;
    // At a key that is none of these, nothing is known of what lies ahead.
    return fields && { order: Buffer.from(fields.rowset_id), version: fields.version };
  }
  return 'none';
}

/** Whether it lies behind all of what is asked. */
function isBehind(ahead: Ahead | undefined, { order, end }: Asked): boolean {
  if (ahead === undefined || ahead === 'none') return ahead === 'none';
  return (Buffer.compare(ahead.order, order) || (ahead.version > end ? 1 : -1)) > 0;
}

/** Whether it lies at or behind the begin of what is asked. */
function isAtOrBehind(ahead: Ahead | undefined, { order, begin }: Asked): boolean {
  if (ahead === undefined || ahead === 'none') return ahead === 'none';
  return (Buffer.compare(ahead.order, order) || (ahead.version >= begin ? 1 : -1)) > 0;
}
