import { Admin } from '../admin/admin.ts';
import type { HttpHandler } from '../admin/http-types.ts';
import { DEFAULT_ENCRYPTION_KEY, type Settings } from '../config/settings.ts';
import type { Store } from '../kv/store.ts';
import type { MetaServices } from '../meta/call.ts';
import { LazyCommits } from '../meta/commit/lazy-commits.ts';
import { PartitionTurns } from '../meta/commit/partition-turns.ts';
import { NodeIndex } from '../meta/identity/node-index.ts';
import { Keyring } from '../meta/secrets/keyring.ts';
import { JsonRpc } from '../net/http/json-rpc.ts';
import { router } from '../net/http/router.ts';
import type { Logger } from '../observe/logger.ts';
import { methods } from '../rpc/methods.ts';
import { Runner } from '../rpc/runner.ts';

/** What answers calls, and what it has going on beside them. */
export interface Services {
  readonly handler: HttpHandler;
  /** Ends what is going on, when no more calls come and before the store closes. Calling it again is harmless. */
  stop(): Promise<void>;
}

/** Makes what answers calls, on a store that is open. */
export async function createServices(store: Store, settings: Settings, logger: Logger): Promise<Services> {
  const keyring = new Keyring({ ...settings, default_key: DEFAULT_ENCRYPTION_KEY });
  if (await keyring.install(store)) {
    logger.warn(
      'secrets are encrypted with the built-in key, which everybody knows; set encryption_key to one of yours',
    );
  }
  const now_ms = Date.now;
  const lazyCommits = new LazyCommits({ ...settings, store, logger, now_ms });
  const partitionTurns = new PartitionTurns();
  const services: MetaServices = { nodes: new NodeIndex(), keyring, lazyCommits, partitionTurns, settings, now_ms };
  const runner = new Runner(store, services, logger);
  const admin = new Admin({ ...settings, runner, store });
  return { handler: router({ admin, rpc: new JsonRpc(runner, methods) }), stop: () => lazyCommits.stop() };
}
