import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { missingRequired } from './check-required.ts';
import { CreateRowsetRequestSchema } from './gen/cloud/rowset_pb.ts';
import { CreateTabletsRequestSchema } from './gen/cloud/tablet_pb.ts';
import { AlterObjStoreInfoRequestSchema } from './gen/cloud/vault_pb.ts';
import { SchemaCloudDictionarySchema } from './gen/olap/tablet_schema_pb.ts';

test('a message that isn’t there lacks nothing', () => {
  expect(missingRequired(CreateRowsetRequestSchema, create(CreateRowsetRequestSchema))).toBeUndefined();
});

test('a missing field is told by its path', () => {
  const rowset = create(CreateRowsetRequestSchema, { rowsetMeta: { txnId: 1n } });
  expect(missingRequired(CreateRowsetRequestSchema, rowset)).toBe('rowset_meta.rowset_id');
  const tablets = create(CreateTabletsRequestSchema, {
    tabletMetas: [{}, { schema: { column: [{ uniqueId: 1, type: 'INT' }, { uniqueId: 2 }] } }],
  });
  expect(missingRequired(CreateTabletsRequestSchema, tablets)).toBe('tablet_metas[1].schema.column[1].type');
  const vault = create(AlterObjStoreInfoRequestSchema, {
    vault: { hdfsInfo: { buildConf: { hdfsConfs: [{ key: 'a' }] } } },
  });
  expect(missingRequired(AlterObjStoreInfoRequestSchema, vault)).toBe('vault.hdfs_info.build_conf.hdfs_confs[0].value');
});

test('a set zero is set', () => {
  const rowset = create(CreateRowsetRequestSchema, { rowsetMeta: { rowsetId: 0n } });
  expect(missingRequired(CreateRowsetRequestSchema, rowset)).toBeUndefined();
});

test('entries of maps are looked into', () => {
  const dictionary = create(SchemaCloudDictionarySchema, { columnDict: { 7: { uniqueId: 1 } } });
  expect(missingRequired(SchemaCloudDictionarySchema, dictionary)).toBe('column_dict.value.type');
});
