import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import {
  type CountedServer,
  newInstance,
  startCountedInstance,
  startCountedServer,
} from '../support/client/counted-server.ts';
import { CuttingProxy } from '../support/client/cutting-proxy.ts';

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
const requestId = { hi: 1n, lo: 2n };

describe.each(['http', 'grpc'] as const)('when connections are lost over %s', (transport) => {
  let proxy: CuttingProxy;
  let client: Client;
  let ran: (method: string) => number;
  beforeEach(async () => {
    proxy = await CuttingProxy.to(server.base);
    client = createClient({ endpoints: proxy.base, transport, timeout_ms: 10_000 });
    const before = new Map<string, number>();
    const countedBefore = (method: string) => before.get(method) ?? 0;
    for (const method of ['begin_txn', 'commit_txn', 'get_current_max_txn_id', 'clean_txn_label']) {
      before.set(method, server.ran(method));
    }
    ran = (method) => server.ran(method) - countedBefore(method);
  });
  afterEach(async () => {
    client.close();
    await proxy.close();
  });

  /** Loses the answers to calls until one has run, and lets those to later ones through. */
  async function losingFirst<Result>(method: string, call: () => Promise<Result>): Promise<Result> {
    await client.get_current_max_txn_id({ cloudUniqueId }, { refusals: 'return' });
    const before = ran(method);
    const { cuts } = proxy;
    proxy.mode = 'cut_answers';
    const result = call();
    // Whoever called gets the error.
    result.catch(() => undefined);
    while (ran(method) === before || proxy.cuts === cuts) await new Promise((resolve) => setTimeout(resolve, 1));
    proxy.mode = 'pass';
    return result;
  }

  test('a call is not repeated that must not be, and says that it may have been executed', async () => {
    const txnInfo = newTxn();
    const call = losingFirst('begin_txn', () => client.begin_txn({ cloudUniqueId, txnInfo }));
    await expect(call).rejects.toMatchObject({ kind: 'unavailable', attempts: 1, maybe_executed: true });
    const cleaning = losingFirst('clean_txn_label', () => client.clean_txn_label({ cloudUniqueId, dbId: 9n }));
    await expect(cleaning).rejects.toMatchObject({ kind: 'unavailable', attempts: 1, maybe_executed: true });
    // Time for a repetition that must not be.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([ran('begin_txn'), ran('clean_txn_label')]).toEqual([1, 1]);
  });

  test('a read is repeated', async () => {
    await client.begin_txn({ cloudUniqueId, txnInfo: newTxn() });
    const read = () => client.get_current_max_txn_id({ cloudUniqueId });
    expect((await losingFirst('get_current_max_txn_id', read)).currentMaxTxnId).toBeGreaterThan(0n);
    expect(ran('get_current_max_txn_id')).toBeGreaterThan(2);
  });

  test('a transaction with a request_id is begun once, and known again', async () => {
    const txnInfo = { ...newTxn(), requestId };
    const begun = await losingFirst('begin_txn', () => client.begin_txn({ cloudUniqueId, txnInfo }));
    expect(ran('begin_txn')).toBeGreaterThan(1);
    expect(begun.status.code).toBe(0);
    const { txnId } = await client.get_txn_id({ cloudUniqueId, dbId: 1n, label: txnInfo.label });
    expect(begun.txnId).toBe(txnId);
  });

  test('a second phase that was done is done', async () => {
    const { txnId } = await client.begin_txn({ cloudUniqueId, txnInfo: newTxn() });
    await client.precommit_txn({ cloudUniqueId, txnId, dbId: 1n });
    const commit = () => client.commit_txn({ cloudUniqueId, txnId, dbId: 1n, is2pc: true });
    expect((await losingFirst('commit_txn', commit)).status.code).toBe(0);
    expect(ran('commit_txn')).toBeGreaterThan(1);
    // To whoever did not ask before, it is a refusal.
    await expect(commit()).rejects.toMatchObject({ kind: 'refused' });
  });

  test('an idle connection that is gone is no matter', async () => {
    await client.begin_txn({ cloudUniqueId, txnInfo: newTxn() });
    proxy.cut();
    await new Promise((resolve) => setTimeout(resolve, 20));
    await client.begin_txn({ cloudUniqueId, txnInfo: newTxn() });
    expect(ran('begin_txn')).toBe(2);
    expect(proxy.connections).toBe(2);
  });

  test('and nothing is to be tried again, a read is not', async () => {
    const read = () => client.get_current_max_txn_id({ cloudUniqueId }, { retry: false });
    await expect(losingFirst('get_current_max_txn_id', read)).rejects.toMatchObject({ attempts: 1 });
    expect(ran('get_current_max_txn_id')).toBe(2);
  });

  test('the next endpoint is asked, also for what must not be repeated', async () => {
    const gone = await CuttingProxy.to(proxy.base);
    const { base } = gone;
    await gone.close();
    const several = createClient({ endpoints: [base, base, proxy.base], transport });
    await several.begin_txn({ cloudUniqueId, txnInfo: newTxn() });
    await several.begin_txn({ cloudUniqueId, txnInfo: newTxn() });
    expect(ran('begin_txn')).toBe(2);
    several.close();
    const none = createClient({ endpoints: [base], transport, timeout_ms: 100 });
    await expect(none.begin_txn({ cloudUniqueId, txnInfo: newTxn() })).rejects.toMatchObject({
      ...{ kind: 'unavailable', maybe_executed: false },
      message: /ECONNREFUSED/,
    });
    none.close();
  });
});

describe.each(['http', 'grpc'] as const)('a busy service over %s', (transport) => {
  test('is asked again until it has time, and runs each call once', async () => {
    const busy = await startCountedServer({ settings: { max_requests_in_flight: 2 } });
    const client = createClient({ endpoints: busy.base, transport });
    const callers = createClient({ endpoints: busy.base, token: busy.token });
    await callers.admin('create_instance', newInstance('inst'));
    const begun = await Promise.all(
      Array.from({ length: 30 }, () => client.begin_txn({ cloudUniqueId, txnInfo: newTxn() })),
    );
    expect(new Set(begun.map(({ txnId }) => txnId)).size).toBe(30);
    expect(busy.ran('begin_txn')).toBe(30);
    const once = Array.from({ length: 30 }, () =>
      client.begin_txn({ cloudUniqueId, txnInfo: newTxn() }, { retry: false }).catch(({ kind }) => kind),
    );
    expect(await Promise.all(once)).toContain('busy');
    for (const each of [client, callers]) each.close();
    await busy.stop();
  });
});
