import type { Random } from '../random.ts';
import type { DeleteBitmap } from './delete-bitmap.ts';

/** A row of a table that merges on write: of the rows with one key, only the one that was written last is visible. */
export interface Row {
  readonly key: number;
  readonly value: string;
}

/** The rows of a rowset, by segment. Where a key is in several segments, the last one counts. */
export type Segments = readonly (readonly Row[])[];

/** A row with its place. */
export interface PlacedRow extends Row {
  readonly rowset_id: string;
  readonly segment: number;
  /** Its number in the segment. */
  readonly row: number;
}

/** So few keys that most loads write some that are there. */
const KEYS = 24;
const MOST_SEGMENTS = 3;
const MOST_ROWS = 8;

/** What a load writes to a tablet; now and then nothing. */
export function newSegments(random: Random, rowset_id: string): Segments {
  const segments = random.chance(0.1) ? 0 : 1 + random.int(MOST_SEGMENTS);
  return Array.from({ length: segments }, (_, segment) => {
    const wanted = Array.from({ length: 1 + random.int(MOST_ROWS) }, () => random.int(KEYS));
    const sorted = [...new Set(wanted)].sort((a, b) => a - b);
    return sorted.map((key) => ({ key, value: `${rowset_id}, segment ${segment}` }));
  });
}

export function numberOfRows(segments: Segments): number {
  return segments.reduce((sum, rows) => sum + rows.length, 0);
}

/** The rows of rowsets, in their order, that no bitmap of a version up to `version` deletes. */
export function visibleRows(
  rows: ReadonlyMap<string, Segments>,
  rowsetIds: Iterable<string>,
  bitmaps: Iterable<DeleteBitmap>,
  version: bigint,
): PlacedRow[] {
  const deleted = new Set<string>();
  for (const { rowset_id, segment, version: since, rows: numbers } of bitmaps) {
    if (since <= version) for (const row of numbers) deleted.add(placeName({ rowset_id, segment, row }));
  }
  const visible: PlacedRow[] = [];
  for (const rowset_id of rowsetIds) {
    for (const [segment, written] of (rows.get(rowset_id) ?? []).entries()) {
      for (const [row, { key, value }] of written.entries()) {
        const place = { rowset_id, segment, row };
        if (!deleted.has(placeName(place))) visible.push({ ...place, key, value });
      }
    }
  }
  return visible;
}

/** Keys that several of the visible rows have. */
export function keysSeenTwice(visible: readonly Row[]): number[] {
  const seen = new Set<number>();
  const twice = new Set<number>();
  for (const { key } of visible) {
    if (seen.has(key)) twice.add(key);
    seen.add(key);
  }
  return [...twice];
}

export function placeName({ rowset_id, segment, row }: Pick<PlacedRow, 'rowset_id' | 'segment' | 'row'>): string {
  return `${rowset_id}/${segment}/${row}`;
}
