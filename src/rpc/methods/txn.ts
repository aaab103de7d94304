import { beginTxn, checkBeginTxn } from '../../meta/txn/begin-txn.ts';
import * as txn from '../../schema/gen/cloud/txn_pb.ts';
import { methodInSteps } from '../method.ts';
import { unknownCaller } from './callers.ts';

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
} as const;
