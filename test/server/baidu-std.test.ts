import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { methods } from '../../src/rpc/methods.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import { BeginTxnRequestSchema } from '../../src/schema/gen/cloud/txn_pb.ts';
import { BaiduStdClient, type CallOptions, cutFrame, requestFrame } from '../support/baidu-std-client.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../support/run-server.ts';

let server: TestServer | undefined;
const clients: BaiduStdClient[] = [];
let client: BaiduStdClient;

async function start(settings: NonNullable<TestServerOptions['settings']> = {}): Promise<void> {
  await server?.stop();
  server = await startTestServer({ settings });
  client = await connect();
}

async function connect(): Promise<BaiduStdClient> {
  const connected = await BaiduStdClient.connect(Number(new URL(server?.base ?? '').port));
  clients.push(connected);
  return connected;
}

beforeEach(() => start());
afterEach(async () => {
  for (const one of clients.splice(0)) one.close();
  await server?.stop();
  server = undefined;
});

const CALLER = { cloudUniqueId: '1:i:be' };

async function createInstance(): Promise<void> {
  await client.call(methods.create_instance, { instanceId: 'i', userId: 'u', name: 'n' });
}

function begin(label: string, options?: CallOptions) {
  const txnInfo = { dbId: 7n, tableIds: [1n], label, timeoutMs: 5000n };
  return client.call(methods.begin_txn, { ...CALLER, txnInfo }, options);
}

/** The code and the text that a call of any bytes is answered with; its head, `[address][code]`, is checked. */
async function refused(method: string, bytes: Uint8Array, options?: CallOptions): Promise<string> {
  const { error_code, error_text, message } = await client.send(method, bytes, options);
  const [, code, text] = /^\[127\.0\.0\.1:\d+\]\[E(\d+)\](.*)$/s.exec(error_text) ?? [];
  expect(code).toBe(String(error_code));
  expect(message).toHaveLength(0);
  return `${error_code} ${text}`;
}

describe('a backend', () => {
  test('begins transactions, reads them, and asks for versions', async () => {
    await createInstance();
    const { status, txnId } = await begin('l');
    expect(status).toMatchObject({ code: MetaServiceCode.OK, msg: '' });
    const { txnInfo } = await client.call(methods.get_txn, { ...CALLER, txnId });
    expect(txnInfo).toMatchObject({ txnId, label: 'l' });
    const partition = { dbId: 7n, tableId: 1n, partitionId: 2n };
    const version = await client.call(methods.get_version, { ...CALLER, ...partition });
    expect(version.status).toMatchObject({ code: MetaServiceCode.VERSION_NOT_FOUND, msg: 'not found' });
  });

  test('calls the service by its full or its short name', async () => {
    await createInstance();
    for (const service of ['MetaService', 'doris.cloud.MetaService']) {
      const { status } = await begin(service, { service });
      expect(status?.code).toBe(MetaServiceCode.OK);
    }
  });

  test('has many calls at a time on one connection, and several connections', async () => {
    await createInstance();
    const other = await connect();
    const begun = await Promise.all(Array.from({ length: 300 }, (_, i) => begin(`l${i}`)));
    expect(new Set(begun.map(({ txnId }) => txnId)).size).toBe(300);
    const found = await Promise.all(begun.map(({ txnId }) => other.call(methods.get_txn, { ...CALLER, txnId })));
    expect(found.map(({ txnInfo }) => txnInfo?.label)).toEqual(begun.map((_, i) => `l${i}`));
  });

  test('need not wait for its own slower calls', async () => {
    await createInstance();
    const slow = begin('slow');
    const quick = client.call(methods.get_version, { ...CALLER, dbId: 1n, tableId: 1n, partitionId: 1n });
    await Promise.all([slow, quick]);
    const [first = 0n, second = 0n] = client.answered.slice(-2);
    // A commit waits for the disk, a read does not.
    expect(first).toBeGreaterThan(second);
  });

  test('may compress what it sends, is answered plainly, and may attach what nobody reads', async () => {
    await createInstance();
    for (const compression of ['none', 'snappy', 'gzip', 'zlib'] as const) {
      const { status } = await begin(compression, { compression, attachment: Buffer.from('nobody reads this') });
      expect(status).toMatchObject({ code: MetaServiceCode.OK });
    }
    const reply = await client.send('get_txn', Buffer.of(), { compression: 'gzip' });
    expect(reply.meta).toMatchObject({ compressType: 0 });
  });

  test('may use a connection for one call', async () => {
    await createInstance();
    for (let i = 0; i < 3; i++) {
      const short = await connect();
      expect((await short.call(methods.get_txn, { ...CALLER, txnId: 5n })).status?.code).not.toBe(MetaServiceCode.OK);
      short.socket.end();
      await short.closed();
    }
  });
});

test('an error of a method is an answer, with its code in the status', async () => {
  const { status } = await begin('l', {});
  expect(status?.code).toBe(MetaServiceCode.INVALID_ARGUMENT);
});

describe('a call that reaches no method', () => {
  test.each([
    ['Nobody', 'get_txn', '1001 Fail to find service=Nobody'],
    ['', 'get_txn', '1001 Fail to find service='],
    ['doris.cloud.Nobody', 'get_txn', '1002 Fail to find method=doris.cloud.Nobody/get_txn'],
    ['MetaService', 'get_nothing', '1002 Fail to find method=MetaService/get_nothing'],
    ['doris.cloud.MetaService', '', '1002 Fail to find method=doris.cloud.MetaService/'],
    ['MetaService', 'http', '1002 Fail to find method=MetaService/http'],
    ['MetaService', '__proto__', '1002 Fail to find method=MetaService/__proto__'],
    ['MetaService', 'x'.repeat(5000), `1002 Fail to find method=MetaService/${'x'.repeat(256)}...`],
  ])('%s %s', async (service, method, said) => {
    expect(await refused(method, Buffer.of(), { service })).toBe(said);
  });

  test('whose meta has no request is told that there is no such service', async () => {
    const reply = client.replyTo(9n);
    const frame = requestFrame(9n, 'm', Buffer.of(), { meta: { request: undefined } as never });
    expect(cutFrame(frame)?.meta.request).toBeUndefined();
    client.socket.write(frame);
    expect(await reply).toMatchObject({ error_code: 1001 });
  });
});

describe('a request that can not be read', () => {
  const lacking = toBinary(BeginTxnRequestSchema, create(BeginTxnRequestSchema, { cloudUniqueId: '1:i:be' }));
  test.each([
    ['is no message', Buffer.from('0d', 'hex'), {}, 'CompressType=none, request_size=1: '],
    ['is not compressed as it says', lacking, { meta: { compressType: 2 } }, 'CompressType=gzip, request_size=8: '],
    ['is compressed by LZ4', lacking, { meta: { compressType: 4 } }, 'CompressType=unknown, request_size=8: '],
  ])('%s', async (_, bytes, options, said) => {
    expect(await refused('begin_txn', bytes, options)).toMatch(`1003 Fail to parse request message, ${said}`);
  });

  test('lacks a required field', async () => {
    const rowset = Buffer.from('12021007', 'hex');
    const said = await refused('commit_rowset', rowset);
    expect(said).toMatch(/^1003 .*, request_size=4: missing required field: rowset_meta.rowset_id$/);
  });

  test.each([
    ['an attachment larger than the request', { attachmentSize: 9 }, 'attachment_size=9 is larger than request_size=8'],
    ['an attachment of less than nothing', { attachmentSize: -1 }, 'attachment_size=-1 is negative'],
    ['a stream', { streamSettings: { streamId: 1n } }, 'streams are not served'],
    ['a chunk', { chunkInfo: { streamId: 1n, chunkId: 1n } }, 'requests in chunks are not served'],
    ['JSON', { contentType: 1 }, 'content_type=1 is not served'],
    ['a checksum', { checksumType: 1, checksumValue: Buffer.alloc(4) }, 'checksum_type=1 is not served'],
  ])('has %s', async (_, meta, said) => {
    expect(await refused('begin_txn', lacking, { meta })).toBe(`1003 ${said}`);
  });

  test('leaves the connection to the next one', async () => {
    await createInstance();
    const spoilt = refused('begin_txn', Buffer.from('ffffffff', 'hex'));
    expect((await begin('next')).status?.code).toBe(MetaServiceCode.OK);
    expect(await spoilt).toMatch(/^1003 /);
  });
});

describe('limits of the service', () => {
  test('a call beyond max_requests_in_flight is told to come again', async () => {
    await start({ max_requests_in_flight: 1 });
    await createInstance();
    const replies = await Promise.allSettled([begin('a'), begin('b')]);
    expect(replies.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(replies[1]).toMatchObject({ reason: { code: 2004 } });
  });

  test('a stop answers what is in flight, and ends connections that are idle', async () => {
    await createInstance();
    const idle = await connect();
    const begun = begin('last');
    // By its answer, the one before has come, and waits for the disk.
    await client.call(methods.get_version, { ...CALLER, dbId: 1n, tableId: 1n, partitionId: 1n });
    const stopped = server?.stop();
    expect((await begun).status?.code).toBe(MetaServiceCode.OK);
    await Promise.all([stopped, idle.closed(), client.closed()]);
    server = undefined;
  });
});
