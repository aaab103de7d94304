import type { HttpAnswer } from '../../../src/admin/http-types.ts';
import { readFlags } from '../../../src/config/flags.ts';
import { loadSettings } from '../../../src/config/load.ts';
import type { EmbeddedStore } from '../../../src/kv/embedded/store.ts';
import type { Store } from '../../../src/kv/store.ts';
import { InFlight } from '../../../src/net/in-flight.ts';
import { SILENT } from '../../../src/observe/logger.ts';
import { CallCounts } from '../../../src/rpc/call-counts.ts';
import { createServices } from '../../../src/server/services.ts';
import { temporaryStore } from '../kv/temporary-store.ts';

/** A call of the service: what stands behind `/MetaService/`, and its body or its query. */
export interface TwinCall {
  readonly path: string;
  readonly body?: Record<string, unknown>;
  readonly query?: string;
}

/** Services without HTTP on a store of their own, which do the same where others of the kind are asked the same. */
export interface Twin {
  readonly store: EmbeddedStore;
  /** The status of the answer, and its body. */
  call(call: TwinCall): Promise<string>;
  dispose(): Promise<void>;
}

const TOKEN = 'token';
/** What would be chosen at random, and would make a difference. */
const SAME = { encryption_key: Buffer.alloc(32, 7).toString('base64'), enable_distinguish_hdfs_path: false };

/** Opens a twin. `seen` is the store as its services see it. */
export async function openTwin(seen: (store: EmbeddedStore) => Store): Promise<Twin> {
  const temporary = await temporaryStore({ exclusive: true });
  const settings = { ...loadSettings(readFlags([]), {}).settings, ...SAME, http_token: TOKEN };
  const in_flight = new InFlight(settings.max_requests_in_flight);
  const parts = { settings, logger: SILENT, version: 'test', in_flight, calls: new CallCounts(0) };
  const services = await createServices({ store: seen(temporary.store), ...parts });
  return {
    store: temporary.store,
    async call({ path, body, query = '' }) {
      const signal = new AbortController().signal;
      const answer: HttpAnswer = await services.handler({
        method: 'PUT',
        path: `/MetaService/${path}`,
        query: `token=${TOKEN}&${query}`,
        headers: { 'content-type': 'application/json' },
        remote: '',
        local: '',
        signal,
        body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
      });
      const parts = Array.isArray(answer.body) ? answer.body : [answer.body];
      return `${answer.status} ${parts.join('')}`;
    },
    async dispose() {
      await services.stop();
      await temporary.dispose();
    },
  };
}
