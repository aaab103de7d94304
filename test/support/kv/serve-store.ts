import type { Settings } from '../../../src/config/settings.ts';
import type { Store } from '../../../src/kv/store.ts';
import { createServices } from '../../../src/server/services.ts';
import { startTestServer, type TestServer } from '../run-server.ts';

/** A server on a store that was opened elsewhere, and is closed elsewhere; `settings` are those of what answers calls. */
export function serveStore(store: Store, settings: Partial<Settings> = {}): Promise<TestServer> {
  return startTestServer({
    createServices: (options) => createServices({ ...options, store, settings: { ...options.settings, ...settings } }),
  });
}
