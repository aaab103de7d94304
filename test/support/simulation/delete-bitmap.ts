import type { Row, Segments } from './rows.ts';

/** Rows of a segment that are deleted from a version on. */
export interface DeleteBitmap {
  readonly rowset_id: string;
  readonly segment: number;
  readonly version: bigint;
  /** Their numbers. */
  readonly rows: readonly number[];
}

/** The service takes bitmaps for bytes, so they need not be roaring ones. */
export function encodeRows(rows: readonly number[]): Uint8Array {
  return Buffer.from(JSON.stringify(rows));
}

export function decodeRows(bytes: Uint8Array): number[] {
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

/** A row that is deleted from a version on. */
export interface DeletedRow {
  readonly rowset_id: string;
  readonly segment: number;
  readonly row: number;
  readonly version: bigint;
}

/** The bitmaps of deleted rows, one for each segment and version. */
export function bitmapsOf(deleted: readonly DeletedRow[]): DeleteBitmap[] {
  const bitmaps = new Map<string, DeleteBitmap & { readonly rows: number[] }>();
  for (const { rowset_id, segment, row, version } of deleted) {
    const name = `${rowset_id}/${segment}/${version}`;
    const bitmap = bitmaps.get(name) ?? { rowset_id, segment, version, rows: [] };
    bitmap.rows.push(row);
    bitmaps.set(name, bitmap);
  }
  return [...bitmaps.values()];
}

/** The rows of a rowset whose keys come again in one of its later segments. */
export function rowsWrittenAgain(rowset_id: string, segments: Segments, version: bigint): DeletedRow[] {
  const later = new Set<number>();
  const again: DeletedRow[] = [];
  for (let segment = segments.length - 1; segment >= 0; segment--) {
    const rows = segments[segment] ?? [];
    for (const [row, { key }] of rows.entries()) {
      if (later.has(key)) again.push({ rowset_id, segment, row, version });
    }
    for (const { key } of rows) later.add(key);
  }
  return again;
}

export function keysOf(segments: readonly (readonly Row[])[]): Set<number> {
  return new Set(segments.flat().map(({ key }) => key));
}
