import { setTimeout as sleep } from 'node:timers/promises';
import { Actor } from '../simulation/actor.ts';
import type { Cluster } from '../simulation/cluster.ts';
import { isLive, type Tablet } from '../simulation/model.ts';
import { pickFrom } from '../simulation/pick.ts';
import { viewTablet } from '../simulation/tablet-view.ts';
import type { ChaosStorage } from './chaos-storage.ts';

const PAUSE_MS = 10;

/** Compares what the service says is visible with what is in object storage, a tablet at a time. */
export class Auditor extends Actor {
  async act(): Promise<void> {
    await sleep(PAUSE_MS);
    const { model, storage, tally } = this.cluster;
    const tablet = pickFrom(this.random, model.tablets().filter(isLive));
    if (tablet === undefined || storage === undefined) return;
    await auditTablet(this.cluster, storage as ChaosStorage, this.name, tablet);
    tally.count('audit');
  }
}

/** Notes what is lost of the visible rowsets of all tablets that are expected to be there. */
export async function auditAll(cluster: Cluster, storage: ChaosStorage): Promise<void> {
  for (const tablet of cluster.model.tablets().filter(isLive)) await auditTablet(cluster, storage, 'the audit', tablet);
}

async function auditTablet(cluster: Cluster, storage: ChaosStorage, about: string, tablet: Tablet): Promise<void> {
  const before = await viewTablet(cluster, about, tablet);
  const lost = before?.rowsets.filter((rowset) => storage.missing([rowset]).length > 0) ?? [];
  if (lost.length === 0) return;
  // A compaction may have taken its place in between: what is visible still was so all the time.
  const after = await viewTablet(cluster, about, tablet);
  const visible = new Set(after?.rowsets.map(({ rowsetIdV2 }) => rowsetIdV2));
  if (!isLive(tablet)) return;
  for (const rowset of lost.filter(({ rowsetIdV2 }) => visible.has(rowsetIdV2))) {
    cluster.findings.add(
      `${about}: rowset ${rowset.rowsetIdV2} of tablet ${tablet.id} is visible, and ${storage.missing([rowset]).join(', ')} is lost`,
    );
  }
}
