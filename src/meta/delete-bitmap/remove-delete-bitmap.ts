import type { RemoveDeleteBitmapRequest } from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { givenVersions, rangeOfVersions } from './rowset-versions.ts';

/**
 * Removes delete bitmaps of a tablet's rowsets, by versions; there may be none. Throws INVALID_ARGUMENT for lists that
 * don't match and for versions that end before they begin.
 */
export async function removeDeleteBitmap(
  { txn }: Call,
  request: RemoveDeleteBitmapRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  for (const versions of givenVersions(request)) {
    const range = rangeOfVersions(instanceId, request.tabletId, versions);
    if (!range) {
      const { rowset_id, begin, end } = versions;
      throw invalid(
        `end version before begin version. rowset_id=${rowset_id} begin_version=${begin} end_version=${end}`,
      );
    }
    txn.clearRange(range.begin, range.end);
  }
  return {};
}
