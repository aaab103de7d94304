import { expect } from 'vitest';
import { keys } from '../../src/keys/key-table.ts';
import { readRecord } from '../../src/records/message-record.ts';
import { type Domain, openInstance, rpc } from './fuzz/domain.ts';

const cloudUniqueId = '1:i:be';

/** The tablet of `openBitmaps`, as requests name it. */
export const TABLET = { cloudUniqueId, tableId: 10n, tabletId: 100n };

/** A delete bitmap of a segment as of a version, as text. */
export type Entry = readonly [rowset: string, version: bigint, segment: number, bitmap: string];

/** Versions of a rowset. */
export type Wanted = readonly [rowset: string, begin: bigint, end: bigint];

/** Delete bitmaps for tests: those of one tablet, with a lock that everybody can take. */
export interface TestBitmaps {
  readonly domain: Domain;
  /** Takes the lock for initiator 1, which the last one has left to expire. */
  readonly lock: (lockId: bigint) => Promise<void>;
  /** Under lock 5, unless told otherwise; resolves to the status of the call. */
  readonly update: (entries: readonly Entry[], more?: object) => Promise<string>;
  readonly get: (...wanted: Wanted[]) => Promise<Entry[]>;
  /** How many bitmaps the tablet's list of what is pending names; undefined where there is none. */
  readonly pending: () => Promise<number | undefined>;
  /** Expects a status, and that nothing was written. */
  readonly unchanged: (status: Promise<string>, expected: string | RegExp) => Promise<void>;
}

/** Opens a domain with an instance, whose lock 5 initiator 1 has. */
export async function openBitmaps(): Promise<TestBitmaps> {
  const domain = await openInstance();

  const bitmaps: TestBitmaps = {
    domain,
    async lock(lockId) {
      const request = { cloudUniqueId, tableId: 10n, lockId, initiator: 1n, expiration: -1_000_000n };
      expect(await domain.status(rpc.get_delete_bitmap_update_lock, request)).toBe('OK');
    },
    update: (entries, more = {}) =>
      domain.status(rpc.update_delete_bitmap, {
        ...{ ...TABLET, lockId: 5n, initiator: 1n },
        rowsetIds: entries.map(([rowset]) => rowset),
        versions: entries.map(([, version]) => version),
        segmentIds: entries.map(([, , segment]) => segment),
        segmentDeleteBitmaps: entries.map(([, , , bitmap]) => Buffer.from(bitmap)),
        ...more,
      }),
    async get(...wanted) {
      const answer = await domain.call(rpc.get_delete_bitmap, { ...TABLET, ...versionsOf(wanted) });
      expect(answer.status).toMatchObject({ code: 0, msg: '' });
      const { rowsetIds, versions, segmentIds, segmentDeleteBitmaps } = answer;
      const textOf = (i: number) => Buffer.from(segmentDeleteBitmaps[i] ?? []).toString();
      return rowsetIds.map((rowset, i) => [rowset, versions[i] ?? -1n, segmentIds[i] ?? -1, textOf(i)]);
    },
    async pending() {
      const fields = { instance_id: 'i', tablet_id: 100n };
      const list = await domain.store.transact((txn) => readRecord(txn, keys.metaPendingDeleteBitmap, fields));
      return list?.deleteBitmapKeys.length;
    },
    async unchanged(status, expected) {
      const before = await domain.version();
      expect(await status).toMatch(expected);
      expect(await domain.version()).toBe(before);
    },
  };
  await bitmaps.lock(5n);
  return bitmaps;
}

/** The lists by which a request names versions of rowsets. */
export function versionsOf(wanted: readonly Wanted[]) {
  return {
    rowsetIds: wanted.map(([rowset]) => rowset),
    beginVersions: wanted.map(([, begin]) => begin),
    endVersions: wanted.map(([, , end]) => end),
  };
}
