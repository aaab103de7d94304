import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandLine } from '../support/command-line.ts';

/** A service as Doris's own: OK, and nothing, for admin operations that it does not know, 404 for those of its recycler. */
const asked: string[] = [];
const doris = createServer((request, response) => {
  const path = request.url?.split('?')[0] ?? '';
  asked.push(path);
  request.resume();
  if (path === '/RecyclerService/http/recycle_instance') response.end('OK\n');
  else if (path === '/RecyclerService/http/recycle_job_info') response.end('{"instance_id":"i","status":"IDLE"}\n');
  else if (path.startsWith('/RecyclerService')) response.writeHead(404).end(`http path ${path} not found\n`);
  else response.end('{"code":"OK","msg":""}\n');
});
let environment: Record<string, string>;
beforeAll(async () => {
  doris.listen(0, '127.0.0.1');
  await once(doris, 'listening');
  environment = { NEREUS_ENDPOINT: `http://127.0.0.1:${(doris.address() as AddressInfo).port}` };
});
afterAll(() => {
  doris.closeAllConnections();
  doris.close();
});

describe('a service of Doris itself', () => {
  test.each([
    [['instance', 'list']],
    [['txn', 'list', 'i']],
    [['key', 'scan']],
    [['recycle', 'pause', 'i']],
    [['recycle', 'resume']],
    [['recycle', 'statistics']],
  ])('has no %j, which is said', async (args) => {
    const { code, out, err } = await commandLine(args, { environment });
    expect({ code, out }).toEqual({ code: 8, out: '' });
    expect(err).toContain("Doris's own service does not");
  });

  test('is not asked for a dry run, since it would recycle', async () => {
    asked.length = 0;
    expect(await commandLine(['recycle', 'now', 'i', '--dry-run'], { environment })).toMatchObject({ code: 8 });
    expect(asked).toEqual(['/RecyclerService/http/statistics_recycle']);
    expect(await commandLine(['recycle', 'now', 'i'], { environment })).toMatchObject({ code: 0 });
    expect(asked.at(-1)).toBe('/RecyclerService/http/recycle_instance');
  });

  test('says what it knows of recycling', async () => {
    const { code, out } = await commandLine(['recycle', 'status', 'i'], { environment });
    expect({ code, out }).toEqual({ code: 0, out: 'instance  i\nstatus    IDLE\n' });
  });

  test('is asked by the names that it has, which have no version', async () => {
    asked.length = 0;
    await commandLine(['vault', 'add', 'i', 'v', '--hdfs', 'hdfs://h:1'], { environment });
    await commandLine(['txn', 'abort', 'i', '1', '--yes'], { environment });
    await commandLine(['job', 'abort', 'i', '1', 'x', '--yes'], { environment });
    expect(asked).toEqual(
      ['add_hdfs_vault', 'abort_txn', 'abort_tablet_job'].map((name) => `/MetaService/http/${name}`),
    );
  });
});

describe('what is no Meta Service at all', () => {
  let answer: { readonly type: string; readonly body: string };
  const other = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', answer.type);
    response.end(answer.body);
  });
  let elsewhere: Record<string, string>;
  beforeAll(async () => {
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    elsewhere = { NEREUS_ENDPOINT: `http://127.0.0.1:${(other.address() as AddressInfo).port}` };
  });
  afterAll(() => {
    other.closeAllConnections();
    other.close();
  });

  const PAGE = '<html>Log in to the proxy</html>';
  const commands = [
    'instance create demo --name demo --user-id ann --hdfs hdfs://h:1',
    'instance drop demo --yes',
    'instance get demo',
    'cluster drop demo c --yes',
    'cluster list demo',
    'vault list demo',
    'txn list demo',
    'txn abort demo 1 --yes',
    'key scan',
    'key get InstanceKey instance_id=demo',
    'recycle now demo',
    'recycle pause demo',
    'recycle statistics',
  ];

  test.each(commands)('has not done %s', async (command) => {
    for (const type of ['text/html', 'text/plain']) {
      answer = { type, body: PAGE };
      const { code, out } = await commandLine([...command.split(' '), '--json'], { environment: elsewhere });
      expect({ code, out }).toEqual({ code: 1, out: '' });
    }
  });

  test.each(commands)('can’t crash %s', async (command) => {
    for (const result of ['null', '[1,2]', '"x"', '{}', '{"txns":{},"keys":[null],"instances":"x","clusters":5}']) {
      answer = { type: 'application/json', body: `{"code":"OK","msg":"","result":${result}}` };
      const { code, out, err } = await commandLine([...command.split(' '), '--json'], { environment: elsewhere });
      expect([0, 1, 4, 8], err).toContain(code);
      for (const said of [out, err].filter((text) => text !== '')) JSON.parse(said);
      expect((await commandLine(command.split(' '), { environment: elsewhere })).code).toBe(code);
    }
  });
});
