import { callFamilies } from './call-families.ts';
import type { Snapshot } from './snapshot.ts';

/** The content type of what follows, as Prometheus asks for it. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A snapshot as Prometheus reads it. */
export async function prometheusText({ calls, families }: Snapshot): Promise<string> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  // A registry asks what is registered for its values when it writes them, and these are there already.
  for (const family of [...callFamilies(calls), ...families]) {
    if (family.values.length === 0) continue;
    registry.registerMetric({ ...family, get: () => Promise.resolve(family) } as never);
  }
  return registry.metrics();
}
