import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { PendingDeleteBitmapPBSchema } from '../gen/cloud/delete_bitmap_pb.ts';
import { StagePBSchema } from '../gen/cloud/stage_pb.ts';
import { MetaServiceCode } from '../gen/cloud/status_pb.ts';
import { GetTabletStatsResponseSchema } from '../gen/cloud/tablet_stats_pb.ts';
import { RoutineLoadProgressPBSchema } from '../gen/cloud/txn_attachment_pb.ts';
import { TabletSchemaCloudPBSchema } from '../gen/olap/tablet_schema_pb.ts';
import { writeShortTextFormat, writeTextFormat } from './write-text-format.ts';

const stats = create(GetTabletStatsResponseSchema, {
  status: { code: MetaServiceCode.OK, msg: '' },
  tabletStats: [{ idx: { tableId: 15010n, tabletId: 15101n }, dataSize: 170n, cumulativePoint: 2n }, {}],
});

test('a field a line, messages indented by two', () => {
  expect(writeTextFormat(GetTabletStatsResponseSchema, stats)).toBe(`status {
  code: OK
  msg: ""
}
tablet_stats {
  idx {
    table_id: 15010
    tablet_id: 15101
  }
  data_size: 170
  cumulative_point: 2
}
tablet_stats {
}
`);
});

test('the short form is one line', () => {
  expect(writeShortTextFormat(GetTabletStatsResponseSchema, stats)).toBe(
    'status { code: OK msg: "" } tablet_stats { idx { table_id: 15010 tablet_id: 15101 } data_size: 170 cumulative_point: 2 } tablet_stats { }',
  );
  expect(writeShortTextFormat(StagePBSchema, create(StagePBSchema))).toBe('');
});

test('strings and bytes have C escapes, and octal for what is not ASCII', () => {
  const message = create(StagePBSchema, { comment: '"it\'s"\\\n\r\t\v\u007f你' });
  expect(writeTextFormat(StagePBSchema, message)).toBe(
    'comment: "\\"it\\\'s\\"\\\\\\n\\r\\t\\013\\177\\344\\275\\240"\n',
  );
  const bytes = create(PendingDeleteBitmapPBSchema, { deleteBitmapKeys: [Uint8Array.of(0, 0x41, 0xff)] });
  expect(writeTextFormat(PendingDeleteBitmapPBSchema, bytes)).toBe('delete_bitmap_keys: "\\000A\\377"\n');
});

test('maps are sorted entries', () => {
  const message = create(RoutineLoadProgressPBSchema, { partitionToOffset: { 10: 1n, 2: 2n, [-3]: 3n } });
  expect(writeShortTextFormat(RoutineLoadProgressPBSchema, message)).toBe(
    [-3, 2, 10].map((key, i) => `partition_to_offset { key: ${key} value: ${3 - i} }`).join(' '),
  );
  const stage = create(StagePBSchema, { properties: { b: '2', a: '1' } });
  expect(writeShortTextFormat(StagePBSchema, stage)).toBe(
    'properties { key: "a" value: "1" } properties { key: "b" value: "2" }',
  );
});

test.each([
  [0.05, '0.05'],
  [1, '1'],
  [Number.NaN, 'nan'],
  [Number.NEGATIVE_INFINITY, '-inf'],
])('the double %d', (value, text) => {
  const message = create(TabletSchemaCloudPBSchema, { bfFpp: value });
  expect(writeTextFormat(TabletSchemaCloudPBSchema, message)).toBe(`bf_fpp: ${text}\n`);
});
