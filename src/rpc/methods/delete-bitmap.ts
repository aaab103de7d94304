import { getDeleteBitmap } from '../../meta/delete-bitmap/get-delete-bitmap.ts';
import { getDeleteBitmapUpdateLock } from '../../meta/delete-bitmap/get-update-lock.ts';
import { removeDeleteBitmap } from '../../meta/delete-bitmap/remove-delete-bitmap.ts';
import { removeDeleteBitmapUpdateLock } from '../../meta/delete-bitmap/remove-update-lock.ts';
import { updateDeleteBitmap } from '../../meta/delete-bitmap/update-delete-bitmap.ts';
import * as bitmap from '../../schema/gen/cloud/delete_bitmap_pb.ts';
import { method, methodInSteps } from '../method.ts';
import { BY_UNIQUE_ID } from './callers.ts';

export const deleteBitmapMethods = {
  update_delete_bitmap: methodInSteps({
    name: 'update_delete_bitmap',
    request: bitmap.UpdateDeleteBitmapRequestSchema,
    response: bitmap.UpdateDeleteBitmapResponseSchema,
    caller: BY_UNIQUE_ID,
    runInSteps: updateDeleteBitmap,
  }),
  get_delete_bitmap: methodInSteps({
    name: 'get_delete_bitmap',
    request: bitmap.GetDeleteBitmapRequestSchema,
    response: bitmap.GetDeleteBitmapResponseSchema,
    caller: BY_UNIQUE_ID,
    runInSteps: getDeleteBitmap,
  }),
  remove_delete_bitmap: method({
    name: 'remove_delete_bitmap',
    request: bitmap.RemoveDeleteBitmapRequestSchema,
    response: bitmap.RemoveDeleteBitmapResponseSchema,
    caller: BY_UNIQUE_ID,
    run: removeDeleteBitmap,
  }),
  get_delete_bitmap_update_lock: method({
    name: 'get_delete_bitmap_update_lock',
    request: bitmap.GetDeleteBitmapUpdateLockRequestSchema,
    response: bitmap.GetDeleteBitmapUpdateLockResponseSchema,
    caller: BY_UNIQUE_ID,
    run: getDeleteBitmapUpdateLock,
  }),
  remove_delete_bitmap_update_lock: method({
    name: 'remove_delete_bitmap_update_lock',
    request: bitmap.RemoveDeleteBitmapUpdateLockRequestSchema,
    response: bitmap.RemoveDeleteBitmapUpdateLockResponseSchema,
    caller: BY_UNIQUE_ID,
    run: removeDeleteBitmapUpdateLock,
  }),
} as const;
