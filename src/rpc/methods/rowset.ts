import { commitRowset } from '../../meta/rowset/commit-rowset.ts';
import { getRowset } from '../../meta/rowset/get-rowset.ts';
import { checkCreateRowset } from '../../meta/rowset/given-rowset.ts';
import { prepareRowset } from '../../meta/rowset/prepare-rowset.ts';
import { updateTmpRowset } from '../../meta/rowset/update-tmp-rowset.ts';
import { getSchemaDict } from '../../meta/schema/get-schema-dict.ts';
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
  update_tmp_rowset: method({
    name: 'update_tmp_rowset',
    request: rowset.CreateRowsetRequestSchema,
    response: rowset.CreateRowsetResponseSchema,
    check: checkCreateRowset,
    caller: BY_INSTANCE,
    run: updateTmpRowset,
  }),
  get_rowset: method({
    name: 'get_rowset',
    request: rowset.GetRowsetRequestSchema,
    response: rowset.GetRowsetResponseSchema,
    caller: BY_INSTANCE,
    run: getRowset,
  }),
  get_schema_dict: method({
    name: 'get_schema_dict',
    request: rowset.GetSchemaDictRequestSchema,
    response: rowset.GetSchemaDictResponseSchema,
    caller: BY_INSTANCE,
    run: getSchemaDict,
  }),
} as const;
