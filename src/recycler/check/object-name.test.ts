import { expect, test } from 'vitest';
import { invertedIndexesPath, invertedIndexPath, segmentPath } from '../data-paths.ts';
import { objectName } from './object-name.ts';

const rowset = { tablet_id: 10003n, rowset_id: '0200000000000123' };

test.each([
  segmentPath(rowset, 0),
  segmentPath(rowset, 12),
  invertedIndexesPath(rowset, 3),
  invertedIndexPath(rowset, 0, { index_id: 7n, suffix: '' }),
  invertedIndexPath(rowset, 0, { index_id: 7n, suffix: 'v_1.a@b' }),
])('%s says its tablet and its rowset', (key) => {
  expect(objectName(key)).toMatchObject({ tablet_id: 10003n, rowset_ids: expect.arrayContaining([rowset.rowset_id]) });
});

test('an id may have in it what ends it', () => {
  expect(objectName(segmentPath({ tablet_id: 1n, rowset_id: 'a_0_b' }, 2))?.rowset_ids).toEqual(['a_0_b']);
  expect(objectName('data/1/a_0_1.idx')?.rowset_ids).toEqual(['a', 'a_0']);
});

test.each([
  'data/1/r_0.txt',
  'data/1/r.dat',
  'data/1/_0.dat',
  'data/01/r_0.dat',
  'data/0/r_0.dat',
  'data/x/r_0.dat',
  'data/9223372036854775808/r_0.dat',
  'data/1/x/r_0.dat',
  'data/1/',
  'data/',
  'stage/1/r_0.dat',
])('%s is none of a rowset', (key) => {
  expect(objectName(key)).toBeUndefined();
});
