import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { commandsIn } from '../support/command-line.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';
import { tabletOf } from '../support/tablets.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const { nereus, ok, okJson } = commandsIn(() => ({ NEREUS_ENDPOINT: server.base, NEREUS_TOKEN: server.token }));

describe('nereus txn, tablet, job and key', () => {
  const caller = { cloudUniqueId: '1:t:be' };
  let txnIds: bigint[];
  beforeAll(async () => {
    const args = ['--name', 'tt', '--user-id', 'ann', '--hdfs', 'hdfs://h:1', '--prefix', 'p'];
    await ok('instance', 'create', 't', ...args);
    const client = createClient({ endpoints: server.base });
    txnIds = [];
    for (const [at, label] of ['one', 'two', 'three'].entries()) {
      const requestId = { hi: 1n, lo: BigInt(at) };
      const txnInfo = { label, dbId: 7n, tableIds: [10n], timeoutMs: 600_000n, requestId };
      txnIds.push((await client.begin_txn({ ...caller, txnInfo })).txnId);
    }
    await client.create_tablets({ ...caller, tabletMetas: [tabletOf(20n)] });
    client.close();
  });

  test('show, list and abort transactions', async () => {
    const [one = 0n, two = 0n, three = 0n] = txnIds;
    expect((await okJson('txn', 'get', 't', String(one))).txn).toMatchObject({ label: 'one', txn_id: String(one) });
    expect(await ok('txn', 'get', 't', '--db-id', '7', '--label', 'two')).toMatch(
      /^txn +\d+\ndb +7\ntables +10\nlabel +two\n/,
    );
    expect(await nereus(['txn', 'abort', 't', String(one)], { typed: 'no\n' })).toMatchObject({ code: 7 });
    await ok('txn', 'abort', 't', String(one), '--reason', 'for a test', '--yes');
    const ids = async (...args: string[]) =>
      (await okJson('txn', 'list', 't', ...args)).txns.map(({ txn_id }: { txn_id: string }) => BigInt(txn_id));
    expect(await ids()).toEqual([two, three]);
    expect(await ids('--status', 'ALL')).toEqual([one, two, three]);
    expect(await ids('--status', 'aborted')).toEqual([one]);
    expect(await ids('--db-id', '8')).toEqual([]);
    expect(await ids('--after', `7:${two}`)).toEqual([three]);
    expect(await ok('txn', 'list', 't', '--limit', '1')).toContain(`--after 7:${two}`);
    expect(await nereus(['txn', 'get', 't', '99'])).toMatchObject({ code: 4 });
    expect(await nereus(['txn', 'get', 't'])).toMatchObject({ code: 2 });
    expect(await nereus(['txn', 'list', 'nowhere'])).toMatchObject({ code: 4 });
  });

  test('show what tablets hold, and refuse to abort what is not there', async () => {
    expect(await ok('tablet', 'stats', 't', '20')).toMatch(/^TABLET +ROWS/);
    expect((await okJson('tablet', 'stats', 't', '20')).tablets).toMatchObject([{ idx: { tablet_id: '20' } }]);
    expect(await nereus(['tablet', 'stats', 't', '21'])).toMatchObject({ code: 4 });
    const aborted = await nereus(['job', 'abort', 't', '20', 'none', '--yes']);
    expect(aborted.code).toBeGreaterThan(2);
  });

  test('encode, decode, read and scan keys', async () => {
    const { key } = await okJson('key', 'encode', 'InstanceKey', 'instance_id=t');
    expect(key).toBe(`0110${Buffer.from('instance').toString('hex')}000110${Buffer.from('t').toString('hex')}0001`);
    expect(await okJson('key', 'decode', key)).toEqual({ key, kind: 'instance', fields: { instance_id: 't' } });
    expect(await ok('key', 'decode', key, '--ascii')).toContain('instance');
    const byParts = await okJson('key', 'get', 'InstanceKey', 'instance_id=t');
    expect(byParts.value).toMatchObject({ name: 'tt' });
    expect(await okJson('key', 'get', 'InstanceKey', '--key', key)).toEqual(byParts);
    const label = await ok('key', 'get', 'TxnLabelKey', 'instance_id=t', 'db_id=7', 'label=one');
    expect(label).toContain('txn_id=');
    expect(await nereus(['key', 'get', 'InstanceKey', 'instance_id=none'])).toMatchObject({ code: 4 });
    const scan = await okJson('key', 'scan', '--key-type', 'TxnInfoKey', 'instance_id=t', 'db_id=7');
    expect(scan.keys.map(({ fields }: { fields: { txn_id: string } }) => BigInt(fields.txn_id))).toEqual(txnIds);
    const some = await okJson('key', 'scan', '--prefix', key.slice(0, 24), '--limit', '1');
    expect(some).toMatchObject({ keys: [{ kind: 'instance' }], next_after: some.keys[0].key });
    const all = await okJson('key', 'scan', '--limit', '5000');
    expect(all.next_after).toBeUndefined();
    expect(all.keys.length).toBeGreaterThan(10);
  });

  test('a key that holds secrets is shown without them', async () => {
    const { value } = await okJson('key', 'get', 'MetaServiceEncryptionKey');
    expect(JSON.stringify(value)).toContain('"key":"******"');
  });

  test.each([
    [['key', 'encode', 'InstanceKy'], 'did you mean InstanceKey?'],
    [['key', 'encode', 'InstanceKey'], 'instance_id=VALUE is needed'],
    [['key', 'encode', 'InstanceKey', 'db_id=1'], 'has no part "db_id"'],
    [['key', 'encode', 'TxnInfoKey', 'instance_id=t', 'db_id=x', 'txn_id=1'], 'db_id must be a number'],
    [['key', 'scan', '--key-type', 'TxnInfoKey', 'db_id=1'], 'db_id is given, and instance_id before it is not'],
    [['key', 'decode', '0'], 'KEY must be bytes in hex'],
    [['key', 'decode', '0199'], 'the bytes are no key'],
    [['key', 'scan', 'instance_id=t'], 'give it as well'],
  ])('%j is told what is wrong', async (args, message) => {
    expect(await nereus(args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
  });
});
