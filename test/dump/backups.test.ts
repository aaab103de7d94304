import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backupName } from '../../src/dump/backup/backup-name.ts';
import { endBackup, LEASE_MS, lastBackupMs, renewBackup, takeBackup } from '../../src/dump/backup/backup-record.ts';
import { Backups, type BackupsOptions } from '../../src/dump/backup/backups.ts';
import { BackupDirectory } from '../../src/dump/backup/directory.ts';
import { makeBackup } from '../../src/dump/backup/make-backup.ts';
import { removeOldBackups } from '../../src/dump/backup/retention.ts';
import { readDumpFile } from '../../src/dump/dump-file.ts';
import { verifyDump } from '../../src/dump/verify-dump.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import { type Logger, SILENT } from '../../src/observe/logger.ts';
import { startTestServer } from '../support/run-server.ts';
import { until } from '../support/until.ts';

const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 0, 31, 12);

let folder: string;
let dir: string;
let stores: EmbeddedStore[];
let running: Backups[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nereus-backup-'));
  dir = join(folder, 'backups');
  stores = [];
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((backups) => backups.stop()));
  await Promise.all(stores.map((store) => store.close()));
  await rm(folder, { recursive: true });
});

async function openStore(): Promise<EmbeddedStore> {
  const store = await openEmbeddedStore({ dir: join(folder, 'store'), group: 'test' });
  stores.push(store);
  return store;
}

async function fill(store: EmbeddedStore): Promise<void> {
  await store.transact(async (txn) => {
    for (let i = 0; i < 80; i++) txn.set(Buffer.from(`key ${i}`), Buffer.alloc(50_000, i));
  });
}

const settings = (more: object = {}) => ({
  ...{ backup_interval_seconds: 1, backup_keep: 2, backup_keep_seconds: 0 },
  ...{ backup_compress: true, backup_max_growth_mb: 1_000 },
  ...more,
});

const directory = (origin = 'here') => new BackupDirectory(dir, origin);

function start(store: EmbeddedStore, owner: string, more: Partial<BackupsOptions> = {}): Backups {
  const facts = { origin: 'here', program: 'test', logger: SILENT, now_ms: Date.now };
  const openPlace = () => directory();
  const backups = new Backups({ store, owner, settings: settings(), ...facts, openPlace, ...more });
  running.push(backups);
  backups.start();
  return backups;
}

/** What the log was told as errors. */
function errorsInto(errors: string[]): Logger {
  return {
    ...SILENT,
    error: (message, fields) => void errors.push(`${message}: ${String(fields?.error)}`),
    with: () => SILENT,
  };
}

describe('backups by schedule', () => {
  test('are made when they are due, are sound, and the last ones stay', async () => {
    const store = await openStore();
    await fill(store);
    const backups = start(store, 'one');
    await until(() => backups.counts().made >= 3);
    await backups.stop();
    const names = await readdir(dir);
    expect(names).toHaveLength(2);
    for (const name of names) {
      expect(await verifyDump(readDumpFile(join(dir, name)))).toMatchObject({ pairs: 81, header: { origin: 'here' } });
    }
    expect(backups.counts().failed).toBe(0);
    expect(await lastBackupMs(store)).toBe(backups.counts().last_success_ms);
  });

  test('are made by one of several processes at a time', async () => {
    const [one, other] = await Promise.all([openStore(), openStore()]);
    await fill(one);
    const both = [start(one, 'one', { settings: settings({ backup_keep: 100 }) })];
    both.push(start(other, 'other', { settings: settings({ backup_keep: 100 }) }));
    const made = () => both.reduce((sum, backups) => sum + backups.counts().made, 0);
    await until(() => made() >= 2);
    await Promise.all(both.map((backups) => backups.stop()));
    expect((await readdir(dir)).length).toBe(made());
    // Each knows of the backups of both.
    expect(both.every((backups) => backups.counts().last_success_ms > 0)).toBe(true);
  });

  test('say in the log that one has failed, remove nothing, and are tried again', async () => {
    const store = await openStore();
    const errors: string[] = [];
    await writeFile(dir, 'a file is in the way');
    const backups = start(store, 'one', { logger: errorsInto(errors) });
    await until(() => backups.counts().failed >= 2);
    expect(errors[0]).toMatch(/^a backup has failed, and is tried again: .*(EEXIST|ENOTDIR)/);
    expect(await readFile(dir, 'utf8')).toBe('a file is in the way');
    expect(backups.counts()).toMatchObject({ made: 0, last_success_ms: 0 });
    await rm(dir);
    await until(() => backups.counts().made >= 1);
    await backups.stop();
  });

  test('are given up when the service stops, and leave nothing', async () => {
    const store = await openStore();
    for (let i = 0; i < 10; i++) {
      await store.transact(async (txn) => {
        for (let j = 0; j < 90; j++) txn.set(Buffer.from(`key ${i} ${j}`), Buffer.alloc(90_000, j));
      });
    }
    const backups = start(store, 'one');
    await until(async () => (await readdir(dir).catch(() => [])).length > 0);
    await backups.stop();
    const left = await readdir(dir);
    // Either it was given up, or it was too fast for that.
    expect(left).toEqual(backups.counts().made === 1 ? [expect.stringMatching(/\.dump$/)] : []);
  });

  test('are those of a service that has the settings', async () => {
    const server = await startTestServer({
      dir: join(folder, 'data'),
      args: ['--backup-interval-seconds', '1', '--backup-dir', dir],
    });
    const metrics = async () => (await fetch(`${server.base}/metrics`)).text();
    await until(async () => /^nereus_backups_total [1-9]/m.test(await metrics()));
    expect(await metrics()).toMatch(/^nereus_backup_last_success_timestamp_seconds 1\d{9}/m);
    await server.stop();
    expect((await readdir(dir))[0]).toMatch(/^nereus-\d{8}T\d{6}Z\.dump$/);
  });
});

describe('the turn to make a backup', () => {
  test('is one process’s until it ends, or is not heard of', async () => {
    const store = await openStore();
    expect(await takeBackup(store, 'one', NOW, HOUR_MS)).toBe(true);
    expect(await takeBackup(store, 'other', NOW + 2 * HOUR_MS, HOUR_MS)).toBe(true);
    expect(await renewBackup(store, 'one', NOW)).toBe(false);
    await endBackup(store, 'one', NOW, { file: 'late' });
    expect(await lastBackupMs(store)).toBe(0);
    expect(await takeBackup(store, 'one', NOW + 2 * HOUR_MS + LEASE_MS - 1, 1)).toBe(false);
    expect(await renewBackup(store, 'other', NOW + 3 * HOUR_MS)).toBe(true);
    expect(await takeBackup(store, 'one', NOW + 3 * HOUR_MS + LEASE_MS - 1, 1)).toBe(false);
    await endBackup(store, 'other', NOW + 3 * HOUR_MS, { file: 'x' });
    expect(await lastBackupMs(store)).toBe(NOW + 3 * HOUR_MS);
    expect(await takeBackup(store, 'one', NOW + 3 * HOUR_MS, HOUR_MS)).toBe(true);
  });

  test('comes again soon after a failure', async () => {
    const store = await openStore();
    await takeBackup(store, 'one', NOW, 24 * HOUR_MS);
    await endBackup(store, 'one', NOW, { failure: 'no room' });
    expect(await takeBackup(store, 'one', NOW + 299_999, 24 * HOUR_MS)).toBe(false);
    expect(await takeBackup(store, 'one', NOW + 300_000, 24 * HOUR_MS)).toBe(true);
  });

  test('comes when the settings now ask for more, or a clock was wrong that has noted it', async () => {
    const store = await openStore();
    await takeBackup(store, 'one', NOW, 24 * HOUR_MS);
    await endBackup(store, 'one', NOW, { file: 'x' });
    expect(await takeBackup(store, 'one', NOW + 1, 24 * HOUR_MS)).toBe(false);
    expect(await takeBackup(store, 'one', NOW + 1, HOUR_MS)).toBe(true);
    // One that was killed, and whose clock was years ahead.
    expect(await takeBackup(store, 'one', NOW + 30_000 * HOUR_MS, HOUR_MS)).toBe(true);
    expect(await takeBackup(store, 'other', NOW + 2, HOUR_MS)).toBe(true);
  });
});

describe('what goes', () => {
  const facts = { origin: 'here', program: 'test', signal: new AbortController().signal };
  const at = (hours: number) => NOW + hours * HOUR_MS;

  async function backupsAt(store: EmbeddedStore, hours: number[], origin = 'here'): Promise<void> {
    const keep = settings({ backup_keep: 1_000 });
    for (const hour of hours)
      await makeBackup(store, directory(origin), keep, { ...facts, origin, began_ms: at(hour) });
  }

  test('is what is too old or too much, but never the newest, and nothing that is not of this store', async () => {
    const store = await openStore();
    await backupsAt(store, [0, 1, 2, 3]);
    await backupsAt(store, [-5], 'elsewhere');
    await copyFile(join(dir, backupName(at(0))), join(dir, 'precious.dump'));
    await writeFile(join(dir, backupName(at(-9))), 'mine, though it is called like one');
    const others = [backupName(at(-9)), backupName(at(-5)), 'precious.dump'];
    const retained = async (keep: object, hour: number) => {
      await removeOldBackups(
        directory(),
        'here',
        backupName(at(hour)),
        { backup_keep: 1_000, backup_keep_seconds: 0, ...keep },
        at(hour),
      );
      return (await readdir(dir)).filter((name) => !others.includes(name));
    };
    expect(await retained({ backup_keep: 3 }, 3)).toEqual([1, 2, 3].map((hour) => backupName(at(hour))));
    expect(await retained({ backup_keep_seconds: 5_400 }, 3)).toEqual([2, 3].map((hour) => backupName(at(hour))));
    expect(await retained({ backup_keep_seconds: 1 }, 99)).toEqual([backupName(at(3))]);
    expect(await readdir(dir)).toEqual([...others.slice(0, 2), backupName(at(3)), 'precious.dump']);
  });

  test('is never the one that was made now, though others are called newer', async () => {
    const store = await openStore();
    await backupsAt(store, [9_000]);
    await makeBackup(store, directory(), settings({ backup_keep: 1, backup_keep_seconds: 1 }), {
      ...{ ...facts, origin: 'here', began_ms: at(0) },
    });
    expect(await readdir(dir)).toEqual([backupName(at(0)), backupName(at(9_000))]);
  });

  test('is also what a killed backup of this store has left', async () => {
    const store = await openStore();
    await backupsAt(store, [0]);
    await backupsAt(store, [1], 'elsewhere');
    const [own, other] = [`${backupName(at(0))}.part`, `${backupName(at(1))}.part`];
    const bytes = await readFile(join(dir, backupName(at(0))));
    await writeFile(join(dir, own), bytes.subarray(0, bytes.length - 100));
    await copyFile(join(dir, backupName(at(1))), join(dir, other));
    await mkdir(join(dir, 'folder.dump.part'));
    await backupsAt(store, [2]);
    expect(await readdir(dir)).toEqual([
      'folder.dump.part',
      ...[backupName(at(0)), backupName(at(1)), other, backupName(at(2))],
    ]);
  });
});
