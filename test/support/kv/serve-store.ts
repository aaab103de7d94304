import type { Store } from '../../../src/kv/store.ts';
import { createServices } from '../../../src/server/services.ts';
import { startTestServer, type TestServer } from '../run-server.ts';

/** A server on a store that was opened elsewhere, and is closed elsewhere. */
export function serveStore(store: Store): Promise<TestServer> {
  return startTestServer({ createServices: (options) => createServices({ ...options, store }) });
}
