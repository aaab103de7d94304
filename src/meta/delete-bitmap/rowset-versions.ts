import type { KeyRange } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import { invalid } from '../meta-error.ts';

/** Versions of one rowset, both ends included. */
export interface RowsetVersions {
  readonly rowset_id: string;
  readonly begin: bigint;
  readonly end: bigint;
}

/** A request's lists, which belong together by position. */
export interface VersionLists {
  readonly rowsetIds: readonly string[];
  readonly beginVersions: readonly bigint[];
  readonly endVersions: readonly bigint[];
}

const LAST_SEGMENT = 2n ** 63n - 1n;

/** The versions of rowsets that a request names. Throws INVALID_ARGUMENT when its lists are not equally long. */
export function givenVersions({ rowsetIds, beginVersions, endVersions }: VersionLists): RowsetVersions[] {
  const [rowsets, begins, ends] = [rowsetIds.length, beginVersions.length, endVersions.length];
  if (rowsets !== begins || rowsets !== ends) {
    const sizes = `rowset_size=${rowsets} begin_version_size=${begins} end_version_size=${ends}`;
    throw invalid(`rowset and version size not match.  ${sizes}`);
  }
  return rowsetIds.map((rowset_id, i) => ({ rowset_id, begin: beginVersions[i] ?? 0n, end: endVersions[i] ?? 0n }));
}

/** Where the delete bitmaps of these versions stand, or undefined when they end before they begin. */
export function rangeOfVersions(
  instance_id: string,
  tablet_id: bigint,
  { rowset_id, begin, end }: RowsetVersions,
): KeyRange | undefined {
  if (begin > end) return undefined;
  const rowset = { instance_id, tablet_id, rowset_id };
  return keys.metaDeleteBitmap.span(
    { ...rowset, version: begin, segment_id: 0n },
    { ...rowset, version: end, segment_id: LAST_SEGMENT },
  );
}
