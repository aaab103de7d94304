import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import {
  type IndexRequest,
  RecycleIndexPBSchema,
  RecycleIndexPB_State as State,
} from '../../schema/gen/cloud/index_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { type Call, nowSeconds } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { moveRecycleKeys, type RecordedState } from '../recycle-key/move-recycle-keys.ts';
import type { RecycleCall } from '../recycle-key/moves.ts';
import { tabletExists } from '../recycle-key/tablet-exists.ts';

/** Throws INVALID_ARGUMENT unless a request names indexes and their table. */
export function checkIndexRequest(request: IndexRequest): void {
  if (request.indexIds.length === 0 || !isSet(request, 'tableId')) throw invalid('empty index_ids or table_id');
}

/** Whether the first index of a request exists, which stands for all of them: they are created and committed together. */
export function firstIndexExists({ txn }: Call, instance_id: string, request: IndexRequest): Promise<boolean> {
  const { tableId: table_id, indexIds } = request;
  return tabletExists(txn, { instance_id, table_id, index_id: indexIds[0] ?? 0n });
}

/** As `moveRecycleKeys`, for the indexes of a request. */
export function moveIndexes(
  call: Call,
  recycleCall: RecycleCall,
  instance_id: string,
  request: IndexRequest,
): Promise<boolean | undefined> {
  const { tableId, expiration } = request;
  return moveRecycleKeys(call.txn, recycleCall, {
    noun: 'index',
    ids: request.indexIds,
    kind: keys.recycleIndex,
    fieldsOf: (index_id) => ({ instance_id, index_id }),
    stateOf: ({ state }) => State[state] as RecordedState,
    recordIn: (state) =>
      create(RecycleIndexPBSchema, { tableId, expiration, creationTime: nowSeconds(call), state: State[state] }),
  });
}
