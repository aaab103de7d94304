import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import { createTablets, schemaOf, tabletOf } from '../../../test/support/tablets.ts';
import { decodeFields } from '../../schema/encoded-fields.ts';
import { isSet } from '../../schema/presence.ts';

const cloudUniqueId = '1:i:fe';
let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
  expect(await createTablets(domain, cloudUniqueId, [tabletOf(1n), tabletOf(2n)])).toBe('OK');
});
afterEach(() => domain.dispose());

async function get(tabletId: bigint) {
  const answer = await domain.call(rpc.get_tablet, { cloudUniqueId, tabletId });
  return decodeFields(rpc.get_tablet.response, answer).tabletMeta;
}

function update(...tabletMetaInfos: object[]): Promise<string> {
  return domain.status(rpc.update_tablet, { cloudUniqueId, tabletMetaInfos });
}

async function refused(status: Promise<string>, expected: string | RegExp): Promise<void> {
  const before = await domain.version();
  expect(await status).toMatch(expected);
  expect(await domain.version()).toBe(before);
}

describe('an update', () => {
  const all = {
    isInMemory: true,
    isPersistent: true,
    ttlSeconds: 1n,
    groupCommitIntervalMs: 2n,
    groupCommitDataBytes: 3n,
    compactionPolicy: 'time_series',
    timeSeriesCompactionGoalSizeMbytes: 4n,
    timeSeriesCompactionFileCountThreshold: 5n,
    timeSeriesCompactionTimeThresholdSeconds: 6n,
    timeSeriesCompactionEmptyRowsetsThreshold: 7n,
    timeSeriesCompactionLevelThreshold: 8n,
  };

  test.each(Object.entries(all))('changes %s', async (name, value) => {
    expect(await update({ tabletId: 1n, [name]: value })).toBe('OK');
    expect(await get(1n)).toMatchObject({ [name]: value, schema: { schemaVersion: 0 } });
  });

  test('changes the first property that it finds, in one order', async () => {
    const left: Record<string, unknown> = { ...all };
    for (const name of Object.keys(all)) {
      await createTablets(domain, cloudUniqueId, [tabletOf(1n)]);
      await update({ tabletId: 1n, ...left });
      const tablet = await get(1n);
      const changed = Object.keys(all).filter((each) => isSet(tablet, each as keyof typeof all));
      expect(changed).toEqual([name]);
      delete left[name];
    }
  });

  test('may change a tablet twice, or nothing at all', async () => {
    expect(await update({ tabletId: 1n, ttlSeconds: 9n }, { tabletId: 1n, compactionPolicy: 'time_series' })).toBe(
      'OK',
    );
    expect(await update({ tabletId: 1n }, { tabletId: 1n, enableMowLightDelete: true })).toBe('OK');
    expect(await update()).toBe('OK');
    expect(await get(1n)).toMatchObject({ ttlSeconds: 9n, compactionPolicy: 'time_series' });
  });

  test('of compaction leaves a schema in the tablet that says nothing else', async () => {
    await createTablets(domain, cloudUniqueId, [tabletOf(1n, { schema: schemaOf(3) })]);
    await update({ tabletId: 1n, disableAutoCompaction: true });
    const tablet = await get(1n);
    expect(tablet).toMatchObject({ schemaVersion: 0, schema: { disableAutoCompaction: true, column: [] } });
    await update({ tabletId: 1n, ttlSeconds: 9n });
    expect(await get(1n)).toMatchObject({ ttlSeconds: 9n, schema: { disableAutoCompaction: true } });
  });

  test('changes no tablet when one is not there', async () => {
    const one = { tabletId: 1n, ttlSeconds: 9n };
    await refused(update(one, { tabletId: 9n, ttlSeconds: 9n }), /^TABLET_NOT_FOUND failed to get tablet_idx, .*=9 /);
    await refused(domain.status(rpc.update_tablet, { tabletMetaInfos: [one] }), 'INVALID_ARGUMENT empty instance_id');
  });
});

describe('a new schema', () => {
  const set = (tabletId: bigint, tabletSchema?: object) =>
    domain.status(rpc.update_tablet_schema, { cloudUniqueId, tabletId, ...(tabletSchema && { tabletSchema }) });
  const column = [{ uniqueId: 7, name: 'z', type: 'INT' }];

  test('is stored under its version, and the tablet is of it', async () => {
    expect(await set(1n, schemaOf(5, { column }))).toBe('OK');
    expect(await get(1n)).toMatchObject({ schemaVersion: 5, schema: { column: [{ name: 'z' }] } });
    expect(await get(2n)).toMatchObject({ schemaVersion: 0, schema: { column: [{ name: 'k' }, { name: 'v' }] } });
  });

  test('of a version that is stored is the stored one', async () => {
    await set(1n, schemaOf(5, { column }));
    expect(await set(1n, schemaOf(0, { column }))).toBe('OK');
    expect((await get(1n))?.schema?.column.map(({ name }) => name)).toEqual(['k', 'v']);
  });

  test('that is missing changes nothing', async () => {
    expect(await set(1n)).toBe('OK');
    expect(await get(1n)).toMatchObject({ schemaVersion: 0 });
  });

  test('is for tablets that are there', () =>
    refused(set(9n, schemaOf(6)), /^TABLET_NOT_FOUND failed to get tablet_idx, err=KeyNotFound tablet_id=9 key=/));
});
