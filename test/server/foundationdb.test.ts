import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StartError } from '../../src/server/start-error.ts';
import { startTestServer } from '../support/run-server.ts';

const CLUSTER = 'nobody:nothing@127.0.0.1:9';

test('a service that can’t reach its FoundationDB does not start, and says why; its cluster file is written', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'nereus-fdb-'));
  const path = join(dir, 'conf', 'fdb.cluster');
  const settings = {
    kv: 'foundationdb',
    fdb_cluster: CLUSTER,
    fdb_cluster_file_path: path,
    fdb_txn_timeout_ms: 100,
  } as const;
  try {
    const failure: unknown = await startTestServer({ settings }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StartError);
    // Which of them depends on what the machine has.
    expect((failure as StartError).message).toMatch(
      /^the store in FoundationDB \(.*fdb\.cluster\) can't be opened: .*(npm install|client package|no answer from the cluster)/,
    );
    expect((await readFile(path, 'utf8')).split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      CLUSTER,
    ]);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
