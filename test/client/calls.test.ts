import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, createClient, MetaServiceCode, ServiceError } from '../../src/client/client.ts';
import { TxnStatusPB } from '../../src/schema/gen/cloud/txn_pb.ts';
import { type CountedServer, startCountedInstance } from '../support/client/counted-server.ts';
import { CuttingProxy } from '../support/client/cutting-proxy.ts';
import { startTestServer } from '../support/run-server.ts';

const cloudUniqueId = '1:inst:fe';
let server: CountedServer;
beforeAll(async () => {
  server = await startCountedInstance('inst');
});
afterAll(async () => {
  await server.stop();
});

let labels = 0;
const newTxn = () => ({ label: `label-${++labels}`, dbId: 1n, tableIds: [2n], timeoutMs: 60_000n });

describe.each(['http', 'grpc'] as const)('methods over %s', (transport) => {
  let proxy: CuttingProxy;
  let client: Client;
  beforeAll(async () => {
    proxy = await CuttingProxy.to(server.base);
    client = createClient({ endpoints: proxy.base, transport, max_connections: 4 });
  });
  afterAll(async () => {
    client.close();
    await proxy.close();
  });

  test('take a request and answer the response, int64 fields as bigints', async () => {
    const txnInfo = newTxn();
    const { txnId, status } = await client.begin_txn({ cloudUniqueId, txnInfo });
    expect(status.code).toBe(MetaServiceCode.OK);
    expect(txnId).toBeGreaterThan(0n);
    const found = await client.get_txn({ cloudUniqueId, txnId });
    expect(found.txnInfo).toMatchObject({ ...txnInfo, txnId });
  });

  test('throw a refusal, with its code and the whole response', async () => {
    const txnInfo = newTxn();
    await client.begin_txn({ cloudUniqueId, txnInfo });
    const error = await client.begin_txn({ cloudUniqueId, txnInfo }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({
      ...{ kind: 'refused', code: MetaServiceCode.TXN_LABEL_ALREADY_USED, attempts: 1, maybe_executed: false },
      msg: expect.stringContaining(`Label [${txnInfo.label}] has already been used`),
      response: { txnStatus: TxnStatusPB.TXN_STATUS_PREPARED },
    });
  });

  test('return a refusal to whoever asks for that', async () => {
    const { status } = await client.get_txn({ cloudUniqueId, txnId: 999n, dbId: 1n }, { refusals: 'return' });
    expect(status.code).toBe(MetaServiceCode.TXN_ID_NOT_FOUND);
  });

  test('share connections, however many are called at a time', async () => {
    const begun = await Promise.all(
      Array.from({ length: 200 }, () => client.begin_txn({ cloudUniqueId, txnInfo: newTxn() })),
    );
    expect(new Set(begun.map(({ txnId }) => txnId)).size).toBe(200);
    if (transport === 'grpc') expect(proxy.connections).toBe(1);
    else expect(proxy.connections).toBeLessThanOrEqual(4);
  });

  test('are not sent with what can not be encoded, which the error does not quote', async () => {
    const ran = server.ran('get_txn');
    const call = client.get_txn({ cloudUniqueId, txnId: 'a-secret' as never });
    await expect(call).rejects.toMatchObject({ kind: 'bad_request', attempts: 0, maybe_executed: false });
    await expect(call).rejects.toThrow('see what it has for doris.cloud.GetTxnRequest');
    await expect(call).rejects.not.toThrow(/a-secret/);
    expect(server.ran('get_txn')).toBe(ran);
  });

  test('mask the secrets of a request in what the service says of it', async () => {
    const request = { cloudUniqueId: '1:inst:sk-of-nobody', obj: { id: 'x', ak: 'ak-of-nobody', sk: 'sk-of-nobody' } };
    const error = await client.alter_obj_store_info(request).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: 'refused' });
    expect(String(error)).not.toContain('of-nobody');
  });

  test('end at their deadline, be the answer on the way or not', async () => {
    proxy.mode = 'swallow_answers';
    const ran = server.ran('get_version');
    const call = client.get_version({ cloudUniqueId, dbId: 1n, tableId: 2n, partitionId: 3n }, { timeout_ms: 100 });
    await expect(call).rejects.toMatchObject({ kind: 'deadline', maybe_executed: true, attempts: 1 });
    expect(server.ran('get_version')).toBe(ran + 1);
    proxy.mode = 'pass';
    await client.begin_txn({ cloudUniqueId, txnInfo: newTxn() });
  });

  test('end with their signal', async () => {
    proxy.mode = 'swallow_answers';
    const controller = new AbortController();
    const call = client.get_txn({ cloudUniqueId, txnId: 1n }, { signal: controller.signal });
    const early = client.get_txn({ cloudUniqueId, txnId: 1n }, { signal: AbortSignal.abort() });
    await expect(early).rejects.toMatchObject({ kind: 'cancelled', maybe_executed: false });
    controller.abort();
    await expect(call).rejects.toMatchObject({ kind: 'cancelled' });
    proxy.mode = 'pass';
  });

  test('take no time that can not be', async () => {
    await expect(client.get_txn({ cloudUniqueId, txnId: 1n }, { timeout_ms: 0 })).rejects.toThrow(TypeError);
  });

  test('take no answer that is larger than allowed', async () => {
    const small = createClient({ endpoints: proxy.base, transport, max_message_bytes: 8 });
    const call = small.begin_txn({ cloudUniqueId, txnInfo: newTxn() });
    await expect(call).rejects.toMatchObject({ kind: 'protocol', message: /larger than max_message_bytes, 8/ });
    small.close();
  });

  test('are cancelled by closing the client, those that wait and those that come', async () => {
    proxy.mode = 'swallow_answers';
    const closing = createClient({ endpoints: proxy.base, transport });
    const waiting = closing.get_txn({ cloudUniqueId, txnId: 1n });
    setImmediate(() => closing.close());
    await expect(waiting).rejects.toMatchObject({ kind: 'cancelled' });
    await expect(closing.get_txn({ cloudUniqueId, txnId: 1n })).rejects.toMatchObject({ kind: 'cancelled' });
    proxy.mode = 'pass';
  });

  test('that the process does not serve are bad requests', async () => {
    const recycler = await startTestServer({ settings: { role: 'recycler' } });
    const other = createClient({ endpoints: recycler.base, transport });
    await expect(other.get_txn({ cloudUniqueId, txnId: 1n })).rejects.toMatchObject({
      kind: 'bad_request',
      maybe_executed: false,
    });
    await expect(other.recycler.recycle_instance({ instanceIds: [] })).resolves.toMatchObject({
      status: { msg: 'OK' },
    });
    other.close();
    await recycler.stop();
  });
});
