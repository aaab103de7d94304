import type { Call } from '../../meta/call.ts';
import { invalid } from '../../meta/meta-error.ts';
import {
  type AlterInstanceRequest,
  type CreateInstanceRequest,
  AlterInstanceRequest_Operation as Operation,
} from '../../schema/gen/cloud/instance_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { checkInstanceId, checkName, requireText } from './patterns.ts';

/** Sections 3 and 4. What an object store or a vault must have, the call itself checks. */
export function createInstanceRules(_call: Call, request: CreateInstanceRequest): void {
  checkInstanceId(request.instanceId);
  if (isSet(request, 'name')) requireText('name', request.name);
  if (isSet(request, 'userId')) requireText('user_id', request.userId);
  checkName('name', request.name);
  checkName('user_id', request.userId);
}

/** A new name obeys the pattern of a first one. */
export function renameInstanceRules(_call: Call, request: AlterInstanceRequest): void {
  checkName('name', request.name);
}

/** Section 7: two operations and no other, so that nobody drops an instance by its status. */
export function setInstanceStatusRules(_call: Call, request: AlterInstanceRequest): void {
  if (request.op === Operation.SET_NORMAL || request.op === Operation.SET_OVERDUE) return;
  throw invalid('op must be SET_NORMAL or SET_OVERDUE');
}
