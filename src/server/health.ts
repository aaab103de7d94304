import type { HttpAnswer, HttpHandler } from '../admin/http-types.ts';
import type { Store } from '../kv/store.ts';

/** Where a server is in its life. */
export type Phase = 'starting' | 'serving' | 'draining';

/** Any key will do: that it can be looked for shows that the store answers. */
const PROBED_KEY = Uint8Array.of(0);
const PROBE_TIMEOUT_MS = 2000;

/** Tells whoever watches the server whether it serves. */
export function healthPage(store: Store, phase: () => Phase): HttpHandler {
  return () => (phase() === 'serving' ? probe(store) : report(503, phase()));
}

async function probe(store: Store): Promise<HttpAnswer> {
  const transaction = store.begin();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the store is late')), PROBE_TIMEOUT_MS);
  });
  try {
    await Promise.race([transaction.get(PROBED_KEY, { snapshot: true }), late]);
    return report(200, 'serving');
  } catch {
    return report(503, 'the store does not answer');
  } finally {
    clearTimeout(timer);
    transaction.cancel();
  }
}

function report(status: number, text: string): HttpAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify({ status: text })}\n` };
}
