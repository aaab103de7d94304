import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import {
  TabletCompactionJobPB_CompactionType as CompactionType,
  TabletCompactionJobPBSchema,
  TabletSchemaChangeJobPBSchema,
} from '../../schema/gen/cloud/job_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { MetaError } from '../meta-error.ts';
import { checkAlterVersion } from './alter-version.ts';

const { BASE, CUMULATIVE, EMPTY_CUMULATIVE, FULL, STOP_TOKEN, UNKOWN } = CompactionType;
const change = create(TabletSchemaChangeJobPBSchema, { id: 's', alterVersion: 5n });

function refusal(type: CompactionType, inputVersions: bigint[], schemaChange = change): MetaError | undefined {
  try {
    checkAlterVersion(create(TabletCompactionJobPBSchema, { id: 'c', type, inputVersions }), schemaChange);
    return undefined;
  } catch (error) {
    if (error instanceof MetaError) return error;
    throw error;
  }
}

describe('while a schema change converts up to version 5', () => {
  test.each([
    [BASE, [2n, 4n], true],
    [BASE, [2n, 5n], true],
    [BASE, [2n, 6n], false],
    [BASE, [6n, 7n], false],
    [CUMULATIVE, [6n, 6n], true],
    [CUMULATIVE, [5n, 6n], false],
    [CUMULATIVE, [2n, 3n], false],
    [FULL, [2n, 5n], false],
    [FULL, [6n, 7n], false],
    [UNKOWN, [2n, 5n], false],
    [EMPTY_CUMULATIVE, [2n, 9n], true],
    [STOP_TOKEN, [2n, 9n], true],
  ] as const)('%i of %s: %s', (type, [first, last], allowed) => {
    const refused = refusal(type, [first, last]);
    expect(refused === undefined).toBe(allowed);
    if (!refused) return;
    expect(refused.code).toBe(MetaServiceCode.JOB_CHECK_ALTER_VERSION);
    expect(refused.response).toEqual({ alterVersion: 5n });
    const versions = `input_version_start=${first} input_version_end=${last} schema_change_alter_version=5`;
    expect(refused.message).toBe(`Check compaction input versions failed in schema change. ${versions}`);
  });

  test.each([[[]], [[6n]], [[7n, 6n]], [[6n, 7n, 8n]]])('input versions must be a range: %s', (versions) => {
    const json = '{"type":"CUMULATIVE",';
    expect(refusal(CUMULATIVE, versions)?.message).toContain(` \ncompaction job=${json}`);
    expect(refusal(EMPTY_CUMULATIVE, versions)).toBeUndefined();
  });
});

test.each([
  ['no schema change', undefined],
  ['one without an alter version', create(TabletSchemaChangeJobPBSchema, { id: 's' })],
  ['one of a tablet without loads', create(TabletSchemaChangeJobPBSchema, { id: 's', alterVersion: 1n })],
])('%s holds nothing up', (_, schemaChange) => {
  const compaction = create(TabletCompactionJobPBSchema, { type: FULL });
  expect(() => checkAlterVersion(compaction, schemaChange)).not.toThrow();
});
