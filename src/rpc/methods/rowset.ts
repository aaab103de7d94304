import { commitRowset } from '../../meta/rowset/commit-rowset.ts';
import { checkCreateRowset } from '../../meta/rowset/given-rowset.ts';
import { prepareRowset } from '../../meta/rowset/prepare-rowset.ts';
import * as rowset from '../../schema/gen/cloud/rowset_pb.ts';
import { method } from '../method.ts';
import { BY_INSTANCE } from './callers.ts';

export const rowsetMethods = {
  prepare_rowset: method({
    name: 'prepare_rowset',
    request: rowset.CreateRowsetRequestSchema,
    response: rowset.CreateRowsetResponseSchema,
    check: checkCreateRowset,
    caller: BY_INSTANCE,
    run: prepareRowset,
  }),
  commit_rowset: method({
    name: 'commit_rowset',
    request: rowset.CreateRowsetRequestSchema,
    response: rowset.CreateRowsetResponseSchema,
    check: checkCreateRowset,
    caller: BY_INSTANCE,
    run: commitRowset,
  }),
} as const;
