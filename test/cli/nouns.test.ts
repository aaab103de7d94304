import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { commandsIn } from '../support/command-line.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';

let server: TestServer;
let dir: string;
let environment: Record<string, string>;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'nereus-nouns-'));
  server = await startTestServer();
  environment = { NEREUS_ENDPOINT: server.base, NEREUS_TOKEN: server.token, NEREUS_AK: 'AK-OF-TEST' };
});
afterAll(async () => {
  await server.stop();
  rmSync(dir, { recursive: true });
});

const { nereus, ok, okJson } = commandsIn(() => environment);

const onBucket = ['--bucket', 'warehouse', '--s3-endpoint', 's3.example.com', '--region', 'r'];
const create = (id: string) => ['instance', 'create', id, '--name', `${id}_name`, '--user-id', 'ann', ...onBucket];

describe('nereus instance', () => {
  test('asks for the secret key, which shows nowhere', async () => {
    const created = await nereus(create('asked'), { typed: 'SK-OF-TEST\r' });
    expect(created).toEqual({
      code: 0,
      out: 'created instance asked\n',
      err: '',
      seen: 'The secret key of the bucket: \n',
    });
    const shown = [
      await ok('instance', 'get', 'asked', '--json'),
      await ok('vault', 'list', 'asked', '--json'),
      await ok('key', 'get', 'StorageVaultKey', 'instance_id=asked', 'vault_id=1', '--json'),
    ].join('');
    expect(shown).not.toMatch(/(AK|SK)-OF-TEST/);
    expect(shown).toContain('"sk": "******"');
    const stored = await createClient({ endpoints: server.base, token: server.token }).admin('get_obj_store_info', {
      cloud_unique_id: '1:asked:test',
    });
    expect(stored.text).toContain('SK-OF-TEST');
  });

  test('is refused a secret where nobody can be asked, and makes nothing', async () => {
    const refused = await nereus(create('nobody'));
    expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--sk-file FILE or NEREUS_SK') });
    expect((await nereus(['instance', 'get', 'nobody'])).code).toBe(4);
  });

  test('takes secrets from files, and what a service refuses does not repeat them', async () => {
    const [ak, sk] = ['ak', 'sk'].map((name) => {
      const file = join(dir, name);
      writeFileSync(file, `${name.toUpperCase()}-IN-FILE\n`);
      return file;
    });
    const args = [...create('filed'), '--ak-file', ak ?? '', '--sk-file', sk ?? ''];
    expect((await nereus(args)).code).toBe(0);
    const again = await nereus(args);
    expect(again).toMatchObject({ code: 3, out: '', err: expect.stringContaining('ALREADY_EXISTED') });
    expect(again.err).not.toContain('IN-FILE');
  });

  test('is listed, in pages', async () => {
    for (const id of ['page_a', 'page_b', 'page_c']) {
      await ok(
        'instance',
        'create',
        id,
        '--name',
        'paged',
        '--user-id',
        'ann',
        '--hdfs',
        'hdfs://h:1',
        '--prefix',
        'p',
      );
    }
    const { instances, next_after } = await okJson('instance', 'list', '--limit', '2', '--after', 'page');
    expect(instances.map(({ instance_id }: { instance_id: string }) => instance_id)).toEqual(['page_a', 'page_b']);
    expect(next_after).toBe('page_b');
    expect(await ok('instance', 'list', '--limit', '2', '--after', 'page')).toContain('--after page_b');
    const all = await okJson('instance', 'list');
    expect(all.next_after).toBeUndefined();
    expect(await ok('instance', 'list')).toMatch(/^INSTANCE +NAME +USER +STATUS +COMPUTE +FE +BE +VAULTS\n/);
  });

  test('has its status and its encryption changed', async () => {
    expect(await ok('instance', 'status', 'page_a', 'overdue')).toBe('instance page_a is OVERDUE now\n');
    expect(await ok('instance', 'status', 'page_a')).toBe('OVERDUE\n');
    await ok('instance', 'sse', 'page_a', 'on');
    expect((await okJson('instance', 'get', 'page_a')).instance).toMatchObject({ sse_enabled: true });
    expect(await nereus(['instance', 'status', 'page_a', 'GONE'])).toMatchObject({ code: 2 });
  });

  test('is dropped after a yes, and after nothing else', async () => {
    for (const typed of ['n\n', '\n']) {
      expect(await nereus(['instance', 'drop', 'page_c'], { typed })).toMatchObject({
        code: 7,
        out: '',
        err: 'nereus: the answer was not yes, so nothing was done\n',
        seen: expect.stringContaining("can't be undone. [y/N] "),
      });
    }
    expect(await nereus(['instance', 'drop', 'page_c'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('say --yes'),
    });
    expect(await ok('instance', 'status', 'page_c')).toBe('NORMAL\n');
    expect(await nereus(['instance', 'drop', 'page_c'], { typed: 'yes\n' })).toMatchObject({ code: 0 });
    expect(await ok('instance', 'status', 'page_c')).toBe('DELETED\n');
    await ok('instance', 'drop', 'page_b', '--yes');
  });
});

describe('nereus vault, cluster and node', () => {
  test('add, show and drop vaults', async () => {
    await ok('instance', 'create', 'v', '--name', 'vv', '--user-id', 'ann', '--hdfs', 'hdfs://h:1', '--prefix', 'p');
    await ok('vault', 'add', 'v', 'lake', '--hdfs', 'hdfs://h:2', '--hdfs-conf', 'dfs.replication=2', '--default');
    const added = await nereus(['vault', 'add', 'v', 'cold', ...onBucket], {
      environment: { NEREUS_SK: 'SK-OF-TEST' },
    });
    expect(added.code).toBe(0);
    const table = (await ok('vault', 'list', 'v'))
      .split('\n')
      .map((line) => line.split(/ {2,}/).map((cell) => cell.trim()));
    expect(table.map((row) => [row[0], row[2], row[4], row[6]])).toEqual([
      ['VAULT', 'KIND', 'BUCKET', 'DEFAULT'],
      ['built_in_storage_vault', 'HDFS', '-', '-'],
      ['lake', 'HDFS', '-', 'yes'],
      ['cold', 'S3', 'warehouse', '-'],
      ['', undefined, undefined, undefined],
    ]);
    await ok('vault', 'drop', 'v', 'lake', '--yes');
    expect(await nereus(['vault', 'drop', 'v', 'lake', '--yes'])).toMatchObject({ code: 4 });
    expect(await nereus(['vault', 'drop', 'v', 'cold', '--yes'])).toMatchObject({ code: 3 });
  });

  test('refuse a vault that is two things or half of one, and secrets among its settings', async () => {
    const wrong = (...args: string[]) => nereus(['vault', 'add', 'v', 'wrong', ...args]);
    expect((await wrong('--bucket', 'b', '--hdfs', 'hdfs://h:1')).err).toContain('a vault is one of the two');
    expect((await wrong('--bucket', 'b')).err).toContain('--s3-endpoint is needed');
    expect((await wrong()).err).toContain('--bucket or --hdfs is needed');
    expect((await wrong('--prefix', 'p')).err).toContain('give --bucket or --hdfs');
    const secret = await wrong('--hdfs', 'hdfs://h:1', '--hdfs-conf', 'fs.s3a.secret.key=SECRET');
    expect(secret).toMatchObject({ code: 2, err: expect.stringContaining('--hdfs-conf-file') });
    expect(secret.err).not.toContain('SECRET');
  });

  test('keep clusters and their nodes', async () => {
    await ok('cluster', 'add', 'v', '--type', 'SQL', '--node', 'fe1=10.0.0.1:9010:master');
    await ok('cluster', 'add', 'v', 'etl', '--id', 'etl_id', '--node', 'be1=10.0.0.2:9050');
    await ok('node', 'add', 'v', 'etl', 'be2=be2.example.com:9050', '1:v:be3=10.0.0.3:9050');
    const { cluster } = await okJson('cluster', 'get', 'v', 'etl_id');
    expect(cluster).toMatchObject({ cluster_name: 'etl', type: 'COMPUTE' });
    expect(cluster.nodes).toMatchObject([
      { cloud_unique_id: '1:v:be1', ip: '10.0.0.2', heartbeat_port: 9050 },
      { cloud_unique_id: '1:v:be2', host: 'be2.example.com' },
      { cloud_unique_id: '1:v:be3', ip: '10.0.0.3' },
    ]);
    expect(await nereus(['node', 'drop', 'v', 'etl', 'be1', 'be9', '--yes'])).toMatchObject({ code: 4 });
    await ok('node', 'drop', 'v', 'etl', 'be1', '1:v:be2', '--yes');
    expect((await okJson('cluster', 'get', 'v', 'etl')).cluster.nodes).toHaveLength(1);
  });

  test('rename, suspend and drop a cluster, and say whose it is', async () => {
    await ok('cluster', 'rename', 'v', 'etl', 'nightly');
    await ok('cluster', 'status', 'v', 'nightly', 'SUSPENDED');
    expect(await ok('cluster', 'status', 'v', 'nightly')).toBe('SUSPENDED\n');
    await ok('cluster', 'users', 'v', 'nightly', '--set', 'ann', '--set', '仓库');
    expect(await ok('cluster', 'users', 'v', 'nightly')).toBe('ann\n仓库\n');
    const narrow = await nereus(['cluster', 'list', 'v'], { columns: 40 });
    expect(narrow.out).toMatch(/nightly +etl_id +COMPUTE +SUSPENDED +1 +ann,仓库\n/);
    expect(await nereus(['cluster', 'drop', 'v', 'nightly'], { typed: 'n\n' })).toMatchObject({ code: 7 });
    await ok('cluster', 'drop', 'v', 'nightly', '--yes');
    const gone = await nereus(['cluster', 'get', 'v', 'nightly']);
    expect(gone).toMatchObject({ code: 4, err: expect.stringContaining('has no cluster "nightly"; it has RESERVED') });
  });

  test.each([
    ['be=10.0.0.1:9050:master', 'a backend has no role'],
    ['be=10.0.0.1', 'must be NAME=HOST:PORT'],
    ['be=10.0.0.1:0', 'must be NAME=HOST:PORT'],
    ['be=10.0.0.1:70000', 'must be NAME=HOST:PORT'],
    ['10.0.0.1:9050', 'must be NAME=HOST:PORT'],
  ])('take no node %s', async (node, message) => {
    const { code, err } = await nereus(['cluster', 'add', 'v', 'wrong', '--node', node]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
  });
});

describe('nereus recycle', () => {
  test('runs, tells how far it is, pauses and goes on', async () => {
    await ok('recycle', 'now', 'v', '--dry-run');
    expect(await ok('recycle', 'pause', 'v')).toBe('paused: v\n');
    expect((await okJson('recycle', 'status', 'v')).paused).toBe(true);
    expect(await ok('recycle', 'resume', 'v')).toBe('nothing is paused\n');
    await ok('recycle', 'now', 'v');
    await expect.poll(() => ok('recycle', 'status', 'v'), { timeout: 30_000 }).toContain('round succeeded');
    expect(await ok('recycle', 'statistics')).toMatch(/\nv +succeeded /);
    expect(await nereus(['recycle', 'pause', 'nowhere'])).toMatchObject({ code: 4 });
    expect(await nereus(['recycle', 'now', 'nowhere', '--dry-run'])).toMatchObject({ code: 4 });
  });

  test('shows that there was no check, and is refused one where there is no checker', async () => {
    expect(await nereus(['recycle', 'check', 'v'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('not enabled'),
    });
  });
});

test('what is to be noted stands beside the answer, as JSON for programs', async () => {
  const folder = join(dir, 'nereus', 'profiles');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'default.conf'), `endpoint = ${server.base}\ntoken = ${server.token}\n`, { mode: 0o644 });
  const options = { environment: { XDG_CONFIG_HOME: dir, NEREUS_ENDPOINT: '', NEREUS_TOKEN: '' } };
  const { code, err } = await nereus(['instance', 'list'], options);
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringMatching(/^nereus: others can read .*: chmod 600 it\n$/),
  });
  const json = await nereus(['instance', 'list', '--json'], options);
  expect(JSON.parse(json.err)).toEqual({ note: expect.stringContaining('chmod 600') });
  expect(JSON.parse(json.out).instances.length).toBeGreaterThan(0);
});

describe('a service', () => {
  test('that does not take the token is told apart, for programs, too', async () => {
    const wrong = { environment: { NEREUS_TOKEN: 'wrong-token' } };
    const { code, err } = await nereus(['instance', 'list'], wrong);
    expect({ code, err }).toEqual({ code: 6, err: expect.stringContaining('--token-file') });
    expect(err).not.toContain('wrong-token');
    const json = await nereus(['recycle', 'status', 'v', '--json'], wrong);
    expect(json).toMatchObject({ code: 6, out: '' });
    expect(JSON.parse(json.err).error).toMatchObject({ exit_code: 6, kind: 'refused', http_status: 403 });
    const none = await nereus(['instance', 'list', '--endpoint', server.base], { environment: { NEREUS_TOKEN: '' } });
    expect(none.code).toBe(0);
  });

  test('that is not there is told at once', async () => {
    const { code, err } = await nereus(['instance', 'list', '--endpoint', 'http://127.0.0.1:1', '--json']);
    expect(code).toBe(5);
    expect(JSON.parse(err).error).toMatchObject({ kind: 'unavailable', maybe_executed: false });
    expect(await nereus(['instance', 'list', '--endpoint', 'nonsense'])).toMatchObject({ code: 2 });
  });
});
