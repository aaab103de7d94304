import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/kv/embedded/store.ts';

let folder: string;
let open: EmbeddedStore[];
let children: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nereus-dump-'));
  open = [];
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(open.map((store) => store.close()));
  await rm(folder, { recursive: true });
});

const at = (name: string) => join(folder, name);
const PROGRAM = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

/** Runs a command in this process. */
async function nereus(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const code = await run(args, {}, terminal);
  return { code, out: out.join(''), err: err.join('') };
}

/** Runs a command in a process of its own, with `input`, and resolves to all that it says. */
async function program(args: string[], input?: Buffer) {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (piece: Buffer) => out.push(piece));
  child.stderr.on('data', (piece: Buffer) => err.push(piece));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, out: Buffer.concat(out), err: Buffer.concat(err).toString() };
}

/** Runs a command and stops it when it has begun; over again, when it has come to its end before it heard of that. */
async function stoppedInTime(
  args: string[],
  signal: NodeJS.Signals,
  begun: () => Promise<boolean>,
  again: () => Promise<void>,
): Promise<{ code: number; err: string }> {
  for (;;) {
    const child = spawn(process.execPath, [PROGRAM, ...args]);
    children.push(child);
    let err = '';
    child.stderr.on('data', (piece: Buffer) => {
      err += piece.toString();
    });
    const closed = once(child, 'close');
    while (child.exitCode === null && !(await begun())) await sleep(1);
    child.kill(signal);
    const [code] = await closed;
    if (code !== 0) return { code, err };
    await again();
  }
}

/** A store that is open as a service has it, with so many pairs. */
async function service(count: number, bytes = 10): Promise<EmbeddedStore> {
  const store = await openEmbeddedStore({ dir: at('data'), exclusive: true, admits_readers: true });
  open.push(store);
  for (let from = 0; from < count; from += 90) {
    await store.transact(async (txn) => {
      for (let i = from; i < Math.min(count, from + 90); i++) {
        txn.set(Buffer.from(`key ${100_000 + i}`), Buffer.alloc(bytes, i));
      }
    });
  }
  return store;
}

describe('nereus dump', () => {
  test('writes a dump of a store that is in use, which can be verified and restored', async () => {
    await service(200);
    const dumped = await nereus('dump', '--data-dir', at('data'), '--out', at('a.dump'));
    expect(dumped).toEqual({
      code: 0,
      out: `dumped 200 pairs as of version 3 to ${at('a.dump')}, 0 MiB\n`,
      err: '',
    });
    const verified = await nereus('dump', '--verify', at('a.dump'));
    expect(verified).toMatchObject({ code: 0, err: '' });
    expect(verified.out).toMatch(
      /^sound: 200 pairs in 1 blocks\nof a whole store, as of version 3, 20.*\nfrom .*data, /,
    );
    const restored = await nereus('restore', '--from', at('a.dump'), '--data-dir', at('other'), '--json');
    expect(JSON.parse(restored.out)).toMatchObject({ pairs: 200, pairs_before: 0, version: '86400000003' });
    expect((await stat(at('a.dump'))).mode & 0o777).toBe(0o600);
  });

  test('says as JSON what it has done, and how far it has come on a screen alone', async () => {
    await service(100, 90_000);
    const args = ['dump', '--data-dir', at('data'), '--out', at('a.dump'), '--compress'];
    const dumped = await nereus(...args, '--json');
    expect(dumped.err).toBe('');
    expect(JSON.parse(dumped.out)).toMatchObject({ pairs: 100, version: '2', growth_bytes: 0, file: at('a.dump') });
    const err: string[] = [];
    const terminal = { out: () => undefined, err: (text: string) => void err.push(text), err_columns: 60 };
    expect(await run([...args, '--overwrite'], {}, terminal)).toBe(0);
    expect(err[0]).toMatch(/^\r.\[Kdumped [\d,]+ pairs \(\d+ %\), [\d.]+ MiB/);
    expect(err.at(-1)).toBe('\r\x1b[K');
  });

  test('writes to the standard output, and restores from the standard input', async () => {
    await service(300, 50_000);
    const dumped = await program(['dump', '--data-dir', at('data'), '--out', '-']);
    expect(dumped).toMatchObject({ code: 0, err: expect.stringContaining('to the standard output') });
    const verified = await program(['dump', '--verify', '-', '--json'], dumped.out);
    expect(JSON.parse(verified.out.toString())).toMatchObject({ sound: true, pairs: 300 });
    const restored = await program(['restore', '--from', '-', '--data-dir', at('other')], dumped.out);
    expect(restored).toMatchObject({ code: 0, err: '' });
    const cut = await program(['restore', '--from', '-', '--data-dir', at('cut')], dumped.out.subarray(0, 9_000_000));
    expect(cut).toMatchObject({ code: 9, err: expect.stringMatching(/-: block \d+ at byte \d+: the dump is cut/) });
  });

  test('replaces no file unless it is told to', async () => {
    await service(1);
    const args = ['dump', '--data-dir', at('data'), '--out', at('a.dump')];
    await writeFile(at('a.dump'), 'precious');
    const refused = await nereus(...args);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('is there already; choose another name') });
    expect(await readFile(at('a.dump'), 'utf8')).toBe('precious');
    await rm(at('a.dump'));
    await writeFile(at('a.dump.part'), 'what a killed one has left');
    expect((await nereus(...args)).err).toContain('another dump writes it, or was killed while it did');
    expect(await nereus(...args, '--overwrite')).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual(['a.dump', 'data']);
  });

  test('replaces nothing that is no file, and gets nothing of another dump to the same file', async () => {
    await service(900, 90_000);
    const to = (out: string) => ['dump', '--data-dir', at('data'), '--out', out, '--overwrite'];
    await symlink('/dev/null', at('device'));
    for (const out of [at('device'), folder]) {
      expect(await nereus(...to(out))).toMatchObject({ code: 1, err: expect.stringContaining('is no file') });
    }
    expect((await lstat(at('device'))).isSymbolicLink()).toBe(true);
    const both = await Promise.all([nereus(...to(at('a.dump'))), nereus(...to(at('a.dump')))]);
    for (const { code, err } of both) if (code !== 0) expect(err).toMatch(/another dump (was begun to|writes it)/);
    expect(both.some(({ code }) => code === 0)).toBe(true);
    expect(await nereus('dump', '--verify', at('a.dump'))).toMatchObject({ code: 0 });
    expect((await readdir(folder)).sort()).toEqual(['a.dump', 'data', 'device']);
  });

  test('leaves nothing when it is stopped', async () => {
    await service(900, 90_000);
    const args = ['dump', '--data-dir', at('data'), '--out', at('a.dump')];
    const begun = async () => (await readdir(folder)).includes('a.dump.part');
    const { code, err } = await stoppedInTime(args, 'SIGINT', begun, () => rm(at('a.dump')));
    expect({ code, err }).toEqual({ code: 7, err: 'nereus: stopped by SIGINT; nothing was written\n' });
    expect(await readdir(folder)).toEqual(['data']);
  });

  test('gives up when the store grows by more than it may', async () => {
    const args = ['--data-dir', at('data'), '--out', '-'];
    const store = await service(900, 90_000);
    let writing = true;
    const writer = (async () => {
      while (writing) {
        await sleep(20);
        await store.transact(async (txn) => {
          for (let i = 0; i < 90; i++) txn.set(Buffer.from(`key ${100_000 + i}`), Buffer.alloc(90_000));
        });
      }
    })();
    // Nobody reads, so the dump can't go on, and its state is held, until it is ended.
    const child = spawn(process.execPath, [PROGRAM, 'dump', ...args, '--most-growth-mb', '5']);
    children.push(child);
    let err = '';
    child.stderr.on('data', (piece: Buffer) => {
      err += piece.toString();
    });
    await once(child.stdout, 'data');
    child.stdout.pause();
    // What is held here makes the store grow, too, so it does for as long as it takes.
    const held = await store.holdSnapshot();
    while (held.growth_bytes() < 10 * 1024 * 1024) await sleep(10);
    held.release();
    // The bound is looked at four times a second.
    await sleep(1_000);
    child.stdout.resume();
    const [code] = await once(child, 'close');
    writing = false;
    await writer;
    expect(code).toBe(1);
    expect(err).toMatch(/^nereus: The store has grown by \d+ MiB while the state was held, and may by 5 MiB/);
  });

  test.each([
    [[], '--out FILE is needed, or --verify FILE'],
    [['--out', 'a', '--verify', 'b'], '--out and --verify exclude each other'],
  ])('can’t be given as %j', async (args, problem) => {
    expect(await nereus('dump', ...args)).toEqual({ code: 2, out: '', err: `nereus: ${problem}\n` });
  });

  test('makes no store where there is none', async () => {
    const missing = await nereus('dump', '--data-dir', at('nowhere'), '--out', at('a.dump'));
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining(`There is no store in ${at('nowhere')}`) });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('nereus restore of a dump', () => {
  test('refuses a store that a service has open, or that somebody reads', async () => {
    await service(5);
    await nereus('dump', '--data-dir', at('data'), '--out', at('a.dump'));
    const refused = await nereus('restore', '--from', at('a.dump'), '--data-dir', at('data'));
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('is in use by process') });
    await Promise.all(open.map((store) => store.close()));
    open = [await openEmbeddedStore({ dir: at('data'), reads_only: true })];
    const again = await nereus('restore', '--from', at('a.dump'), '--data-dir', at('data'));
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('is in use by process') });
  });

  test('that was stopped goes on, or is undone', async () => {
    await service(500, 90_000);
    await nereus('dump', '--data-dir', at('data'), '--out', at('a.dump'));
    const args = ['restore', '--from', at('a.dump'), '--data-dir', at('other')];
    const begun = async () => (await stat(join(at('other'), 'data.mdb')).catch(() => ({ size: 0 }))).size > 8_000_000;
    const again = () => rm(at('other'), { recursive: true });
    const { code, err } = await stoppedInTime(args, 'SIGTERM', begun, again);
    expect(code).toBe(7);
    expect(err).toMatch(/^nereus: stopped by SIGTERM; a part was restored, and no service starts on this store/);
    const undo = ['restore', '--undo', '--data-dir', at('other')];
    expect(await nereus(...args)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/500 pairs .*, \d+ of them before/),
    });
    expect((await nereus(...undo)).out).toContain('no restore of');
  });

  test.each([
    [[], 'restore needs one of --from FILE, --pairs FILE and --undo'],
    [['--from', 'a', '--pairs', 'b'], 'restore needs one of --from FILE, --pairs FILE and --undo'],
    [['--pairs', 'b', '--into-non-empty'], '--into-non-empty goes with --from FILE alone'],
    [['--from', '-', '--into-non-empty'], '--into-non-empty reads the dump twice, so it needs a file'],
  ])('can’t be given as %j', async (args, problem) => {
    expect(await nereus('restore', ...args)).toEqual({ code: 2, out: '', err: `nereus: ${problem}\n` });
  });
});
