import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import {
  begin,
  CALLER,
  commit,
  DB,
  decideLazily,
  load,
  plantRowsets,
  plantTablets,
  tabletsIn,
} from '../../../test/support/loads.ts';

/** Ten tablets of a partition and five of another. */
const FIRST = tabletsIn(31n, 3000n, 10);
const SECOND = tabletsIn(32n, 5005n, 5);
const ALL = [...FIRST, ...SECOND];
const TABLE = 3n;
const settings = { txn_lazy_commit_rowsets_thresold: 4, txn_lazy_max_rowsets_per_batch: 3 };
const from = { cloudUniqueId: CALLER };

let domain: Domain;
beforeEach(async () => {
  domain = await openInstance({ settings });
  await plantTablets(domain.store, ALL);
});
afterEach(() => domain.dispose());

describe('a table that merges on write', () => {
  const takeLock = (lockId: bigint) => {
    const request = { tableId: TABLE, lockId, initiator: -1n, expiration: 600n };
    return domain.status(rpc.get_delete_bitmap_update_lock, { ...from, ...request });
  };
  const rowsetsOf = async (tabletId: bigint, endVersion: bigint) => {
    const known = { baseCompactionCnt: 0n, cumulativeCompactionCnt: 0n, cumulativePoint: 0n };
    const request = { ...from, ...known, idx: { tabletId }, startVersion: 2n, endVersion };
    return (await domain.call(rpc.get_rowset, request)).$unknown?.length ?? 0;
  };

  test('gives the next load no version whose rowsets are not there, so that it marks all rows that it replaces', async () => {
    const first = await begin(domain, 'l');
    await plantRowsets(domain.store, first, ALL, { tabletSchema: {} });
    expect(await takeLock(first)).toBe('OK');
    await decideLazily(domain, first, settings, { mowTableIds: [TABLE] });

    const next = await load(domain, 'm', FIRST.slice(0, 1));
    expect(await takeLock(next)).toBe('OK');
    // The next load calculates its delete bitmaps with the rowsets up to this version, for the version after it.
    const place = { dbId: DB, tableId: TABLE, partitionId: 31n };
    const { version } = await domain.call(rpc.get_version, { ...from, ...place });
    expect(version).toBe(2n);
    expect(await rowsetsOf(3000n, version)).toBe(1);
    const { status, versions } = await commit(domain, { txnId: next, mowTableIds: [TABLE] });
    expect(status.msg).toBe('');
    expect(versions).toEqual([version + 1n]);
  });

  test('is not given free by a load that was refused', async () => {
    const txnId = await load(domain, 'l', ALL, { timeoutMs: -1n });
    expect(await takeLock(txnId)).toBe('OK');
    const { status } = await commit(domain, { txnId, is2pc: false, enableTxnLazyCommit: true, mowTableIds: [TABLE] });
    expect(status.msg).toMatch('txn is expired');
    expect(await takeLock(7n)).toMatch(/^LOCK_CONFLICT /);
  });
});
