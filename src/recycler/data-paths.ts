/**
 * Where Doris puts the objects of tables, below the prefix of a vault: a directory a tablet, in which the name of each
 * object begins with the id of its rowset.
 */

/** What the keys of all objects of tables begin with. */
export const TABLETS_PREFIX = 'data/';

/** A rowset as the names of its objects have it. */
export interface RowsetName {
  readonly tablet_id: bigint;
  readonly rowset_id: string;
}

/** An inverted index of a rowset, as the names of its files have it. */
export interface InvertedIndexName {
  readonly index_id: bigint;
  /** Of the index on a part of a variant column; empty for others. */
  readonly suffix: string;
}

/** What the keys of all objects of a tablet begin with. Throws a RangeError for an id that no tablet has. */
export function tabletPrefix(tablet_id: bigint): string {
  if (tablet_id <= 0n) throw new RangeError(`no tablet has the id ${tablet_id}`);
  return `${TABLETS_PREFIX}${tablet_id}/`;
}

/** What the keys of all objects of a rowset begin with. Throws a RangeError for ids that no rowset has. */
export function rowsetPrefix({ tablet_id, rowset_id }: RowsetName): string {
  if (rowset_id === '' || rowset_id.includes('/'))
    throw new RangeError(`no rowset of tablet ${tablet_id} has such an id`);
  return `${tabletPrefix(tablet_id)}${rowset_id}_`;
}

/** The data of a segment. */
export function segmentPath(rowset: RowsetName, segment: number): string {
  return `${rowsetPrefix(rowset)}${segment}.dat`;
}

/** The inverted indexes of a segment in the second format: one file for all of them. */
export function invertedIndexesPath(rowset: RowsetName, segment: number): string {
  return `${rowsetPrefix(rowset)}${segment}.idx`;
}

/** One inverted index of a segment in the first format: a file of its own. */
export function invertedIndexPath(
  rowset: RowsetName,
  segment: number,
  { index_id, suffix }: InvertedIndexName,
): string {
  return `${rowsetPrefix(rowset)}${segment}_${index_id}${suffix === '' ? '' : `@${suffix}`}.idx`;
}
