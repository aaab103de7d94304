import { checkCommitTxn, commitTxn } from '../../meta/commit/commit-txn.ts';
import * as txn from '../../schema/gen/cloud/txn_pb.ts';
import { methodInSteps } from '../method.ts';

export const commitMethods = {
  commit_txn: methodInSteps({
    name: 'commit_txn',
    request: txn.CommitTxnRequestSchema,
    response: txn.CommitTxnResponseSchema,
    check: checkCommitTxn,
    caller: { unknown: 'empty instance_id' },
    runInSteps: commitTxn,
  }),
} as const;
