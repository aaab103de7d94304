import type { BoundedLabels } from '../../observe/metrics/bounded-labels.ts';
import type { Family } from '../../observe/metrics/family.ts';
import type { CallsOfInstance } from '../../rpc/call-counts.ts';
import { added } from './distributions.ts';
import type { Snapshot } from './snapshot.ts';

/** What nobody has told anything of. */
export const NOTHING: Snapshot = { calls: [], families: [] };

/** What several processes tell, as one: counts are added, and of what they share the largest figure stands for all. */
export async function merged(snapshots: readonly Snapshot[], instances: BoundedLabels): Promise<Snapshot> {
  const { AggregatorRegistry } = await import('prom-client');
  const registry = AggregatorRegistry.aggregate(snapshots.map(({ families }) => families as Family[]));
  const families = (await registry.getMetricsAsJSON()) as unknown as Family[];
  return { calls: mergedCalls(snapshots, instances), families };
}

/** What stays of a process that has ended: what it had counted, so that no count goes back. What it was is over. */
export function countsOf({ calls, families }: Snapshot): Snapshot {
  const counted = families
    .filter(({ type }) => type !== 'gauge')
    .map((family) => ({ ...family, values: family.values.filter(({ labels }) => labels.worker === undefined) }));
  return { calls, families: counted };
}

/** Each process names the instances that it met first: together they may be more than the bound. */
function mergedCalls(snapshots: readonly Snapshot[], instances: BoundedLabels): CallsOfInstance[] {
  const found = new Map<string, CallsOfInstance>();
  for (const one of snapshots.flatMap(({ calls }) => calls)) {
    const instance_id = instances.labelOf(one.instance_id);
    const key = `${one.method}/${instance_id}`;
    const before = found.get(key);
    found.set(key, before === undefined ? { ...one, instance_id } : together(before, one));
  }
  return [...found.values()];
}

function together(one: CallsOfInstance, other: CallsOfInstance): CallsOfInstance {
  const codes = { ...one.codes };
  for (const [code, count] of Object.entries(other.codes)) codes[code] = (codes[code] ?? 0) + count;
  return {
    ...one,
    codes,
    retries: one.retries + other.retries,
    slow: one.slow + other.slow,
    duration_ms: added(one.duration_ms, other.duration_ms),
  };
}
