import { expect, test } from 'vitest';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { CallCounts, DEFECT } from './call-counts.ts';

const { OK, TXN_ID_NOT_FOUND } = MetaServiceCode;

test('calls are counted by method, instance and code, with their time and their repeats', () => {
  const counts = new CallCounts(10);
  counts.add({ method: 'get_txn', instance_id: 'i', retries: 0 }, OK, 1, false);
  counts.add({ method: 'get_txn', instance_id: 'i', retries: 3 }, OK, 2, false);
  counts.add({ method: 'get_txn', instance_id: 'i', retries: 0 }, TXN_ID_NOT_FOUND, 4, false);
  counts.add({ method: 'get_txn', instance_id: '', retries: 0 }, DEFECT, 8, false);
  const [ofInstance, ofNobody] = counts.snapshot();
  expect(ofInstance).toMatchObject({
    ...{ method: 'get_txn', instance_id: 'i', retries: 3 },
    codes: { OK: 2, TXN_ID_NOT_FOUND: 1 },
    duration_ms: { sum: 7 },
  });
  expect(ofNobody).toMatchObject({ instance_id: '', codes: { DEFECT: 1 } });
});

test('of more instances than are told apart, the rest is counted together', () => {
  const counts = new CallCounts(3);
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 100; i++) counts.add({ method: 'get_version', instance_id: `i${i}`, retries: 0 }, OK, 1, false);
  const byInstance = counts.snapshot().map(({ instance_id, codes }) => [instance_id, codes.OK]);
  expect(byInstance).toEqual([
    ...[
      ['i0', 2],
      ['i1', 2],
      ['i2', 2],
    ],
    ['other', 194],
  ]);
});

test('what was told does not change with what is counted after it', () => {
  const counts = new CallCounts(3);
  counts.add({ method: 'get_version', instance_id: 'i', retries: 0 }, OK, 1, false);
  const [before] = counts.snapshot();
  counts.add({ method: 'get_version', instance_id: 'i', retries: 0 }, OK, 1, false);
  expect(before?.codes).toEqual({ OK: 1 });
  expect(before?.duration_ms.counts.reduce((sum, count) => sum + count)).toBe(1);
});
