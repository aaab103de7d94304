import type { RemoveDeleteBitmapRequest } from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { Call } from '../call.ts';
import { MetaError } from '../meta-error.ts';
import { givenVersions, rangeOfVersions } from './rowset-versions.ts';

/**
 * Removes delete bitmaps of a tablet's rowsets, by versions; there may be none. Throws INVALID_ARGUMENT for lists that
 * don't match, and KV_TXN_COMMIT_ERR for versions that end before they begin, with nothing removed.
 */
export async function removeDeleteBitmap(
  { txn }: Call,
  request: RemoveDeleteBitmapRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  for (const versions of givenVersions(request)) {
    const range = rangeOfVersions(instanceId, request.tabletId, versions);
    if (!range) throw new MetaError(MetaServiceCode.KV_TXN_COMMIT_ERR, 'failed to commit job kv, err=Unknown');
    txn.clearRange(range.begin, range.end);
  }
  return {};
}
