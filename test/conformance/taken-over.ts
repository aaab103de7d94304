import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeKey } from '../../src/keys/decode-key.ts';
import type { Store } from '../../src/kv/store.ts';
import { serveStore } from '../support/kv/serve-store.ts';
import type { TestServer } from '../support/run-server.ts';
import { replay } from './replay.ts';
import type { Suite } from './suite.ts';

const HERE = import.meta.dirname;

export interface TakenOver {
  readonly store: Store;
  dispose(): Promise<void>;
}

/** What must hold of a store with the recorded pairs that Doris wrote. */
export function asDorisReadIt(open: () => Promise<TakenOver>): void {
  let opened: TakenOver;
  let server: TestServer;
  beforeAll(async () => {
    opened = await open();
    server = await serveStore(opened.store);
  });
  afterAll(async () => {
    await server.stop();
    await opened.dispose();
  });

  test('is read as Doris read it', async () => {
    const reads = JSON.parse(readFileSync(join(HERE, 'takeover/reads.json'), 'utf8')) as Suite;
    expect(await replay(reads, server)).toEqual([]);
  });

  test('has keys of known kinds only, also after it was served', async () => {
    const unknown: string[] = [];
    await opened.store.transact(async (txn) => {
      for await (const page of txn.getRange(Buffer.of(), Buffer.of(0xff))) {
        for (const { key } of page) if ('problem' in decodeKey(key)) unknown.push(Buffer.from(key).toString('hex'));
      }
    });
    expect(unknown).toEqual([]);
  });
}
