import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readFlags } from '../../src/config/flags.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import { backupName } from '../../src/dump/backup/backup-name.ts';
import { LEASE_MS } from '../../src/dump/backup/backup-record.ts';
import { Backups, type BackupsOptions } from '../../src/dump/backup/backups.ts';
import { openBackupPlace } from '../../src/dump/backup/open-place.ts';
import { verifyDump } from '../../src/dump/verify-dump.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import type { LargeObjects } from '../../src/objects/large/large-objects.ts';
import { openLargeObjects } from '../../src/objects/large/open-large-objects.ts';
import type { AzureLocation, S3Location } from '../../src/objects/location.ts';
import { commandLine } from '../support/command-line.ts';
import { loggerTo } from '../support/logger-to.ts';
import { startAzureServer } from '../support/objects/azure-server.ts';
import { type FlakyProxy, startFlakyProxy } from '../support/objects/flaky-proxy.ts';
import { unlimited } from '../support/objects/limits.ts';
import { type S3Server, startS3Server } from '../support/objects/s3-server.ts';
import { OBJECT_SETTINGS } from '../support/objects/settings.ts';
import { startTestServer } from '../support/run-server.ts';
import { until } from '../support/until.ts';

interface Place {
  readonly endpoint: string;
  location(bucket: string, more: object): S3Location | AzureLocation;
  readonly scheme: 's3' | 'azure';
  readonly ak: string;
  readonly sk: string;
  stop(): Promise<void>;
}

const NOW = Date.UTC(2026, 0, 31, 12);
/** Names of backups have seconds in them, and no test wants to wait for one. */
const FASTER = 25;
const BEGAN_MS = Date.now();
const fast_ms = () => BEGAN_MS + (Date.now() - BEGAN_MS) * FASTER;

let folder: string;
let stores: EmbeddedStore[];
let running: Backups[];
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nereus-bucket-'));
  stores = [];
  running = [];
  lines = [];
});
afterEach(async () => {
  await Promise.all(running.map((backups) => backups.stop()));
  await Promise.all(stores.map((store) => store.close()));
  await rm(folder, { recursive: true });
});

async function openStore(): Promise<EmbeddedStore> {
  const store = await openEmbeddedStore({ dir: join(folder, 'store'), group: 'test' });
  stores.push(store);
  await store.transact(async (txn) => {
    for (let i = 0; i < 40; i++) txn.set(Buffer.from(`key ${i}`), Buffer.alloc(50_000, i));
  });
  return store;
}

function settingsOf(
  place: Pick<Place, 'scheme' | 'ak' | 'sk'>,
  endpoint: string,
  prefix: string,
  more: Partial<Settings> = {},
): Settings {
  const url = { url: `${place.scheme}://bucket/${prefix}`, scheme: place.scheme, bucket: 'bucket', prefix };
  const access = { backup_endpoint: endpoint, backup_ak: place.ak, backup_sk: place.sk };
  const often = { backup_interval_seconds: 1 / FASTER, backup_keep: 2, max_s3_client_retry: 1 };
  return { ...loadSettings(readFlags([]), {}).settings, backup_to: url, ...access, ...often, ...more };
}

function open(location: S3Location | AzureLocation): LargeObjects {
  return openLargeObjects(location, { name: 'here', settings: OBJECT_SETTINGS, limiters: unlimited() });
}

async function namesIn(location: S3Location | AzureLocation): Promise<string[]> {
  const names: string[] = [];
  for await (const page of open(location).list('')) names.push(...page.map(({ key }) => key));
  return names.sort();
}

/** Makes backups as a process called `owner` does. */
function start(store: EmbeddedStore, settings: Settings, owner: string, more: Partial<BackupsOptions> = {}): Backups {
  const logger = loggerTo((line) => void lines.push(line), 'info');
  const origin = 'here';
  const backups = new Backups({
    ...{ store, settings, owner, logger, origin, program: 'test', now_ms: fast_ms },
    openPlace: (signal, notes) => openBackupPlace(settings, { origin, limiters: unlimited(), signal, notes, logger }),
    ...more,
  });
  running.push(backups);
  backups.start();
  return backups;
}

function suite(startPlace: () => Promise<Place>): void {
  let place: Place;
  let proxy: FlakyProxy;
  let prefixes = 0;
  beforeAll(async () => {
    place = await startPlace();
    proxy = await startFlakyProxy(new URL(place.endpoint).host);
  });
  afterAll(async () => {
    await proxy?.stop();
    await place?.stop();
  });
  beforeEach(() => {
    proxy.trouble = () => undefined;
    prefixes++;
  });

  const prefix = () => `stores/${place.scheme}${prefixes}`;
  const settings = (more: Partial<Settings> = {}) => settingsOf(place, `http://${proxy.address}`, prefix(), more);

  const objects = () => open(place.location('bucket', { prefix: prefix() }));
  const namesThere = () => namesIn(place.location('bucket', { prefix: prefix() }));

  async function put(name: string, ...bytes: Buffer[]): Promise<void> {
    async function* pieces(): AsyncGenerator<Buffer, void> {
      yield* bytes;
    }
    await objects().upload(name, pieces(), async () => undefined);
  }

  test('are sound, the last ones stay, and so does what others have put there', async () => {
    const store = await openStore();
    const foreign = [backupName(NOW), 'nereus-notes.txt', 'precious.dump', `${backupName(NOW)}.old`];
    for (const name of foreign) await put(name, Buffer.from('not of Nereus'));
    const elsewhere = start(store, settings(), 'one', { origin: 'elsewhere' });
    await until(() => elsewhere.counts().made >= 1);
    await elsewhere.stop();
    foreign.push(...(await namesThere()).filter((name) => !foreign.includes(name)));
    expect(foreign).toHaveLength(5);

    const backups = start(store, settings(), 'one');
    await until(() => backups.counts().made >= 3);
    await backups.stop();
    const own = (await namesThere()).filter((name) => !foreign.includes(name));
    expect(own).toHaveLength(2);
    expect(await namesThere()).toEqual([...own, ...foreign].sort());
    for (const name of own) {
      expect(await verifyDump(objects().read(name))).toMatchObject({ header: { origin: 'here' } });
    }
    expect(backups.counts().failed).toBe(0);
    expect(lines.some((line) => line.includes(`${place.scheme}://bucket/${prefix()}/${own[0]}`))).toBe(true);
  });

  test('fail with a word about the place and none of its keys, and are made when it is well again', async () => {
    const store = await openStore();
    const sk = Buffer.from('the secret key of nobody').toString('base64');
    const nobody = place.scheme === 's3' ? { backup_ak: 'nobody-at-all', backup_sk: sk } : { backup_sk: sk };
    const denied = start(store, settings(nobody), 'one');
    await until(() => denied.counts().failed >= 1);
    await denied.stop();
    const missing = start(store, { ...settings(), backup_to: { ...bucketOf(), bucket: 'nobucket' } }, 'two');
    await until(() => missing.counts().failed >= 1);
    await missing.stop();
    // In the middle of an upload, and when the backup is read again.
    for (const spoiled of [/partNumber=|comp=block&/, /^GET .*\.dump/]) {
      proxy.trouble = (_, { method, url }) => (spoiled.test(`${method} ${url}`) ? 'cut' : undefined);
      const cut = start(store, settings(), 'three');
      await until(() => cut.counts().failed >= 1);
      proxy.trouble = () => undefined;
      await until(() => cut.counts().made >= 1);
      await cut.stop();
      // One may have come to its end that was read again when the trouble was over.
      expect((await namesThere()).length).toBeLessThanOrEqual(cut.counts().made);
      for (const name of await namesThere()) await objects().delete(name);
    }
    const errors = lines.filter((line) => line.includes('a backup has failed'));
    expect(errors.length).toBeGreaterThanOrEqual(4);
    for (const line of errors) expect(line).toContain(`${place.scheme}://bucket/${prefix()}: could not `);
    for (const secret of [sk, 'nobody-at-all', place.sk]) expect(lines.join('\n')).not.toContain(secret);
  });

  const bucketOf = () => settings().backup_to as NonNullable<Settings['backup_to']>;

  test('are given up when the service stops, and leave nothing', async () => {
    const store = await openStore();
    const backups = start(store, settings(), 'one');
    let asked = false;
    proxy.trouble = (_, { url }) => {
      if (!/partNumber=|comp=block&/.test(url ?? '')) return undefined;
      asked = true;
      return 'silence';
    };
    await until(() => asked);
    await backups.stop();
    expect(await namesThere()).toEqual([]);
    expect(lines.join('\n')).toContain('a backup was given up, since the service stops');
  });
}

const PLACE = { scheme: 's3', ak: 'S3RVER', sk: 'S3RVER' } as const;

describe('backups in a bucket of the S3 family', () => {
  let server: S3Server;
  suite(async () => {
    server = await startS3Server('bucket');
    return { ...server, ...PLACE };
  });

  test('are made by one of several processes at a time', async () => {
    const [one, other] = [await openStore(), await openStore()];
    const keep = settingsOf(PLACE, server.endpoint, 'two', { backup_keep: 100, backup_interval_seconds: 1 });
    const both = ['one', 'other'].map((name, i) => start(i === 0 ? one : other, keep, name, { now_ms: Date.now }));
    const made = () => both.reduce((sum, backups) => sum + backups.counts().made, 0);
    await until(() => made() >= 2);
    await Promise.all(both.map((backups) => backups.stop()));
    expect(await namesIn(server.location('bucket', { prefix: 'two' }))).toHaveLength(made());
  });

  test('throw away what the upload of a killed process has left', async () => {
    const store = await openStore();
    const proxy = await startFlakyProxy(new URL(server.endpoint).host);
    const settings = settingsOf(PLACE, `http://${proxy.address}`, 'killed');
    let held = 0;
    proxy.trouble = (_, { method }) => {
      if (method !== 'PUT') return undefined;
      held++;
      return 'silence';
    };
    const before = await server.uploads('bucket');
    start(store, settings, 'killed');
    await until(() => held > 0);
    expect(await server.uploads('bucket')).toBe(before + 1);
    proxy.trouble = () => undefined;
    const later = start(store, settings, 'later', { now_ms: () => fast_ms() + 2 * LEASE_MS });
    await until(() => later.counts().made >= 1);
    await later.stop();
    expect(await server.uploads('bucket')).toBe(before);

    // The key may not be allowed to; that is no reason to make no backups.
    proxy.trouble = (_, { method }) => (method === 'DELETE' || method === 'PUT' ? 403 : undefined);
    const cut = start(store, settings, 'cut', {
      now_ms: () => fast_ms() + 4 * LEASE_MS,
    });
    await until(() => cut.counts().failed >= 1);
    proxy.trouble = (_, { method }) => (method === 'DELETE' ? 403 : undefined);
    await until(() => cut.counts().made >= 1);
    expect(lines.join('\n')).toContain('what an upload of a backup has left could not be thrown away');
    await proxy.stop();
  });

  test('are those of a service that has the settings', async () => {
    await server.plant(
      'bucket',
      Array.from({ length: 30 }, (_, i) => `many/nereus-${i}`),
    );
    const key = join(folder, 'key');
    await writeFile(key, 'S3RVER\n');
    const args = ['--backup-interval-seconds', '1', '--backup-to', 's3://bucket/many', '--backup-keep', '1'];
    const access = ['--backup-endpoint', server.endpoint, '--backup-ak', 'S3RVER', '--backup-sk-file', key];
    const service = await startTestServer({ dir: join(folder, 'data'), args: [...args, ...access] });
    const metrics = async () => (await fetch(`${service.base}/metrics`)).text();
    await until(async () => /^nereus_backups_total [2-9]/m.test(await metrics()));
    await service.stop();
    const names = await namesIn(server.location('bucket', { prefix: 'many' }));
    expect(names.filter((name) => name.endsWith('.dump')).length).toBeLessThanOrEqual(2);
    expect(names.filter((name) => !name.endsWith('.dump'))).toHaveLength(30);
    const from = `s3://bucket/many/${names.findLast((name) => name.endsWith('.dump'))}`;
    const verified = await commandLine(['dump', '--verify', from, ...access, '--json']);
    expect(JSON.parse(verified.out)).toMatchObject({ file: from, sound: true });
    const restore = ['restore', '--from', from, '--data-dir', join(folder, 'restored')];
    expect(await commandLine([...restore, ...access])).toMatchObject({ code: 0, err: '' });
    expect(await commandLine(restore)).toMatchObject({ code: 2, err: expect.stringContaining('backup_endpoint') });
    const gone = await commandLine(['dump', '--verify', 's3://bucket/none.dump', ...access]);
    expect(gone).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^nereus: s3:\/\/bucket: could not read an object/),
    });
    expect(await commandLine(['dump', '--verify', 'gs://bucket/x', ...access])).toMatchObject({ code: 2 });
  });
});

describe('backups in a container of Azure', () => {
  suite(async () => {
    const server = await startAzureServer('bucket');
    const { account: ak, account_key: sk } = server.location('bucket');
    return { ...server, scheme: 'azure', ak, sk };
  });
});
