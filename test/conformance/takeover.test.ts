import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { decodeKey } from '../../src/keys/decode-key.ts';
import { keys } from '../../src/keys/key-table.ts';
import { stampedFromValue } from '../../src/records/stamped-record.ts';
import { txnIdFromVersionstamp } from '../../src/records/txn-id.ts';
import { takeoverPairs } from '../keys/recorded.ts';
import { makeDir, startTestServer, type TestServer } from '../support/run-server.ts';
import { parseExact } from './compare.ts';
import { replay } from './replay.ts';
import type { Suite } from './suite.ts';
import { TRANSPORTS } from './transports/transports.ts';

const HERE = join(import.meta.dirname, 'takeover');
const pairs = takeoverPairs();

let dir: string;
let server: TestServer;
beforeAll(async () => {
  dir = await makeDir();
  const said: string[] = [];
  const terminal = { out: (text: string) => void said.push(text), err: (text: string) => void said.push(text) };
  const args = ['restore', '--pairs', join(HERE, 'store.json'), '--data-dir', dir];
  expect(await run(args, {}, terminal), said.join('')).toBe(0);
  expect(said.join('')).toContain(`restored ${pairs.length} pairs`);
  server = await startTestServer({ dir });
});
afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Answer {
  readonly status: { readonly code: string; readonly msg: string };
  readonly txn_id?: string | number;
  readonly txn_info?: { readonly status: string };
}

async function call(method: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const text = JSON.stringify(body, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  const answer = await fetch(`${server.base}/MetaService/${method}`, { method: 'POST', headers, body: text });
  return parseExact(await answer.text()) as Answer;
}

/** Every transaction id in the store: in keys, in what labels list, and those that their stamps made. */
function storedTxnIds(): bigint[] {
  return pairs.flatMap(({ key, value }) => {
    const decoded = decodeKey(key);
    if ('problem' in decoded) throw new Error(decoded.problem);
    const inKey = 'txn_id' in decoded.fields ? [decoded.fields.txn_id] : [];
    if (decoded.name !== 'txnLabel') return inKey;
    const { message, stamp } = stampedFromValue(decoded.kind, key, value);
    return [...message.txnIds, txnIdFromVersionstamp(stamp) ?? 0n];
  });
}

describe('a store that Doris wrote, restored', () => {
  const reads = JSON.parse(readFileSync(join(HERE, 'reads.json'), 'utf8')) as Suite;

  // Before the others, which write to it.
  test('is read as Doris read it', async () => {
    expect(reads.steps).toHaveLength(1_181);
    expect(await replay(reads, server)).toEqual([]);
  });

  test.each(TRANSPORTS)('is read so over %s', async (_, connect) => {
    const transport = await connect(Number(new URL(server.base).port));
    expect(await replay(reads, server, { transport })).toEqual([]);
    transport.close();
  });

  test('goes on with transaction ids above all that it has', async () => {
    let highest = storedTxnIds().reduce((one, other) => (one > other ? one : other));
    const instances = pairs.flatMap(({ key }) => keys.instance.decode(key)?.instance_id ?? []);
    expect(instances.length).toBeGreaterThan(10);
    for (const instance of instances) {
      const begun = { db_id: 1, table_ids: [1], label: 'after the restore', timeout_ms: 60_000 };
      const { status, txn_id } = await call('begin_txn', {
        cloud_unique_id: `1:${instance}:be1`,
        txn_info: begun,
      });
      expect(status, instance).toEqual({ code: 'OK', msg: '' });
      expect(BigInt(txn_id ?? 0)).toBeGreaterThan(highest);
      highest = BigInt(txn_id ?? 0);
    }
  });

  test('lets the transactions that it has begun come to their end', async () => {
    let ended = 0;
    for (const { key } of pairs) {
      const running = keys.txnRunning.decode(key);
      if (running === undefined) continue;
      const { instance_id, db_id, txn_id } = running;
      const request = { cloud_unique_id: `1:${instance_id}:be1`, db_id, txn_id };
      const before = (await call('get_txn', request)).txn_info?.status;
      const { status } = await call('abort_txn', request);
      const after = (await call('get_txn', request)).txn_info?.status;
      if (before === 'TXN_STATUS_PREPARED' || before === 'TXN_STATUS_PRECOMMITTED') {
        expect({ status, after }).toEqual({ status: { code: 'OK', msg: '' }, after: 'TXN_STATUS_ABORTED' });
        ended++;
      } else {
        expect(status.code).not.toBe('OK');
        expect(after).toBe(before);
      }
    }
    expect(ended).toBeGreaterThan(10);
  });
});
