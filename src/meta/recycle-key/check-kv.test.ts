import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { CheckKVRequest_Operation as Operation } from '../../schema/gen/cloud/check_kv_pb.ts';

const cloudUniqueId = '1:i:fe';
let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
  const request = { cloudUniqueId, tableId: 10n, indexIds: [11n], partitionIds: [31n] };
  expect(await domain.status(rpc.prepare_index, request)).toBe('OK');
  expect(await domain.status(rpc.drop_partition, request)).toBe('OK');
});
afterEach(() => domain.dispose());

const REMAINED = 'UNDEFINED_ERR prepare and commit rpc not match, recycle key remained';
const index = Operation.CREATE_INDEX_AFTER_FE_COMMIT;
const partition = Operation.CREATE_PARTITION_AFTER_FE_COMMIT;

test.each([
  ['indexes without a key', { op: index, checkKeys: { indexIds: [10n, 12n], partitionIds: [31n] } }, 'OK'],
  ['an index that is prepared', { op: index, checkKeys: { indexIds: [12n, 11n] } }, REMAINED],
  ['a partition without a key', { op: partition, checkKeys: { indexIds: [11n], partitionIds: [30n] } }, 'OK'],
  ['a partition that was dropped', { op: partition, checkKeys: { partitionIds: [30n, 31n] } }, REMAINED],
  ['no indexes', { op: index, checkKeys: {} }, 'INVALID_ARGUMENT empty keys'],
  ['no partitions', { op: partition, checkKeys: { indexIds: [11n] } }, 'INVALID_ARGUMENT empty keys'],
  ['nothing', { op: index }, 'INVALID_ARGUMENT empty check keys'],
  ['indexes, without the operation', { checkKeys: { indexIds: [12n] } }, 'INVALID_ARGUMENT op not given'],
  ['someone unknown', { cloudUniqueId: '1:nobody:fe' }, 'INVALID_ARGUMENT empty instance_id'],
  ['nobody', { cloudUniqueId: '' }, 'INVALID_ARGUMENT empty instance_id'],
])('check_kv of %s', async (_, request, expected) => {
  const before = await domain.version();
  expect(await domain.status(rpc.check_kv, { cloudUniqueId, ...request })).toBe(expected);
  expect(await domain.version()).toBe(before);
});

test('bad keys are not listed', async () => {
  const answer = await domain.call(rpc.check_kv, { cloudUniqueId, op: index, checkKeys: { indexIds: [11n] } });
  expect(answer.badKeys).toBeUndefined();
});

test('more keys than a transaction may rely on are looked at too', async () => {
  const indexIds = Array.from({ length: 200_000 }, (_, i) => BigInt(1_000 + i));
  expect(await domain.status(rpc.check_kv, { cloudUniqueId, op: index, checkKeys: { indexIds } })).toBe('OK');
  indexIds.push(11n);
  expect(await domain.status(rpc.check_kv, { cloudUniqueId, op: index, checkKeys: { indexIds } })).toBe(REMAINED);
});
