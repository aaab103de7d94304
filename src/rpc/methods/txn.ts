import { abortSubTxn, checkAbortSubTxn } from '../../meta/txn/abort-sub-txn.ts';
import { abortTxn, checkAbortTxn } from '../../meta/txn/abort-txn.ts';
import { abortTxnWithCoordinator, checkAbortTxnWithCoordinator } from '../../meta/txn/abort-txn-with-coordinator.ts';
import { beginSubTxn, checkBeginSubTxn } from '../../meta/txn/begin-sub-txn.ts';
import { beginTxn, checkBeginTxn } from '../../meta/txn/begin-txn.ts';
import { checkConflictRequest, checkTxnConflict } from '../../meta/txn/check-txn-conflict.ts';
import { checkCleanTxnLabel, cleanTxnLabel } from '../../meta/txn/clean-txn-label.ts';
import { getCurrentMaxTxnId } from '../../meta/txn/get-current-max-txn-id.ts';
import { checkGetTxn, getTxn } from '../../meta/txn/get-txn.ts';
import { checkGetTxnId, getTxnId } from '../../meta/txn/get-txn-id.ts';
import { givenId } from '../../meta/txn/given-id.ts';
import { checkPrecommitTxn, precommitTxn } from '../../meta/txn/precommit-txn.ts';
import * as txn from '../../schema/gen/cloud/txn_pb.ts';
import { method, methodInSteps } from '../method.ts';
import { unknownCaller } from './callers.ts';

const CALLER = { unknown: ({ cloudUniqueId }: { readonly cloudUniqueId: string }) => unknownCaller(cloudUniqueId) };

export const txnMethods = {
  begin_txn: methodInSteps({
    name: 'begin_txn',
    request: txn.BeginTxnRequestSchema,
    response: txn.BeginTxnResponseSchema,
    check: checkBeginTxn,
    caller: {
      unknown: ({ cloudUniqueId, txnInfo }) => `${unknownCaller(cloudUniqueId)} label=${txnInfo?.label ?? ''}`,
    },
    runInSteps: beginTxn,
  }),
  precommit_txn: method({
    name: 'precommit_txn',
    request: txn.PrecommitTxnRequestSchema,
    response: txn.PrecommitTxnResponseSchema,
    check: checkPrecommitTxn,
    caller: { unknown: (request) => `${unknownCaller(request.cloudUniqueId)} txn_id=${givenId(request, 'txnId')}` },
    run: precommitTxn,
  }),
  abort_txn: method({
    name: 'abort_txn',
    request: txn.AbortTxnRequestSchema,
    response: txn.AbortTxnResponseSchema,
    check: checkAbortTxn,
    caller: {
      unknown: (request) =>
        `${unknownCaller(request.cloudUniqueId)} label=${request.label} txn_id=${givenId(request, 'txnId')}`,
    },
    run: abortTxn,
  }),
  get_txn: method({
    name: 'get_txn',
    request: txn.GetTxnRequestSchema,
    response: txn.GetTxnResponseSchema,
    check: checkGetTxn,
    caller: CALLER,
    run: getTxn,
  }),
  get_txn_id: method({
    name: 'get_txn_id',
    request: txn.GetTxnIdRequestSchema,
    response: txn.GetTxnIdResponseSchema,
    check: checkGetTxnId,
    caller: CALLER,
    run: getTxnId,
  }),
  get_current_max_txn_id: method({
    name: 'get_current_max_txn_id',
    request: txn.GetCurrentMaxTxnRequestSchema,
    response: txn.GetCurrentMaxTxnResponseSchema,
    caller: { unknown: 'empty instance_id' },
    run: getCurrentMaxTxnId,
  }),
  begin_sub_txn: methodInSteps({
    name: 'begin_sub_txn',
    request: txn.BeginSubTxnRequestSchema,
    response: txn.BeginSubTxnResponseSchema,
    check: checkBeginSubTxn,
    caller: CALLER,
    runInSteps: beginSubTxn,
  }),
  abort_sub_txn: method({
    name: 'abort_sub_txn',
    request: txn.AbortSubTxnRequestSchema,
    response: txn.AbortSubTxnResponseSchema,
    check: checkAbortSubTxn,
    caller: CALLER,
    run: abortSubTxn,
  }),
  abort_txn_with_coordinator: methodInSteps({
    name: 'abort_txn_with_coordinator',
    request: txn.AbortTxnWithCoordinatorRequestSchema,
    response: txn.AbortTxnWithCoordinatorResponseSchema,
    check: checkAbortTxnWithCoordinator,
    caller: CALLER,
    runInSteps: abortTxnWithCoordinator,
  }),
  check_txn_conflict: methodInSteps({
    name: 'check_txn_conflict',
    request: txn.CheckTxnConflictRequestSchema,
    response: txn.CheckTxnConflictResponseSchema,
    check: checkConflictRequest,
    caller: CALLER,
    runInSteps: checkTxnConflict,
  }),
  clean_txn_label: methodInSteps({
    name: 'clean_txn_label',
    request: txn.CleanTxnLabelRequestSchema,
    response: txn.CleanTxnLabelResponseSchema,
    check: checkCleanTxnLabel,
    caller: CALLER,
    runInSteps: cleanTxnLabel,
  }),
} as const;
