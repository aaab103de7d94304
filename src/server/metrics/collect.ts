import type { BackupCounts } from '../../dump/backup/backups.ts';
import type { EmbeddedStats } from '../../kv/embedded/store.ts';
import type { Store, StoreStats } from '../../kv/store.ts';
import type { ByteBudget } from '../../net/byte-budget.ts';
import type { Connections } from '../../net/connections.ts';
import type { InFlight } from '../../net/in-flight.ts';
import type { ProtocolCounts } from '../../net/protocol-counts.ts';
import { linesLogged } from '../../observe/logger.ts';
import { type Family, familyOf, histogramOf, type Metric, type Sample } from '../../observe/metrics/family.ts';
import type { RecyclerCounts } from '../../recycler/recycler.ts';
import type { CallCounts } from '../../rpc/call-counts.ts';
import { RecycleReportPB_State as RoundState } from '../../schema/gen/nereus/recycling_pb.ts';
import { cumulative, inSeconds } from './distributions.ts';
import type { ProcessFigures } from './process-figures.ts';
import type { Snapshot } from './snapshot.ts';
import { METRICS } from './table.ts';

/** What a process that serves is asked for its figures. */
export interface Sources {
  readonly version: string;
  readonly calls: CallCounts;
  readonly in_flight: InFlight;
  readonly buffered: ByteBudget;
  readonly connections: Connections;
  readonly protocols: ProtocolCounts;
  readonly store: Pick<Store, 'stats'>;
  /** Undefined in a process that does not recycle. */
  readonly recycler: { counts(): RecyclerCounts } | undefined;
  /** Undefined in a process that makes no backups. */
  readonly backups: { counts(): BackupCounts } | undefined;
  /** Undefined where no traces are sent. */
  readonly spans: { readonly counts: Readonly<Record<'sent' | 'dropped', number>> } | undefined;
  readonly process: ProcessFigures;
}

/** What this process can tell now. */
export async function collect(sources: Sources): Promise<Snapshot> {
  const { calls, recycler, backups, version } = sources;
  const families = [
    ...requestFamilies(sources),
    ...connectionFamilies(sources),
    ...storeFamilies(statsOf(sources)),
    ...(recycler === undefined ? [] : recyclerFamilies(recycler.counts())),
    ...(backups === undefined ? [] : backupFamilies(backups.counts())),
    byKey(METRICS.service.logged, linesLogged()),
    ...(sources.spans === undefined ? [] : [byKey(METRICS.service.spans, sources.spans.counts)]),
    familyOf(METRICS.service.build, [[[version], 1]]),
    ...(await sources.process.families()),
  ];
  return { calls: calls.snapshot(), families };
}

function requestFamilies({ in_flight, buffered }: Sources): Family[] {
  const metrics = METRICS.calls;
  return [
    single(metrics.inFlight, in_flight.count),
    single(metrics.mostInFlight, in_flight.most),
    single(metrics.buffered, buffered.used),
    single(metrics.mostBuffered, buffered.bytes),
    byKey(metrics.refused, { max_requests_in_flight: in_flight.refused, max_buffered_bytes: buffered.refused }),
  ];
}

function connectionFamilies({ connections, protocols }: Sources): Family[] {
  const metrics = METRICS.connections;
  return [
    byKey(metrics.open, protocols.open),
    byKey(metrics.opened, protocols.opened),
    single(metrics.all, connections.count),
  ];
}

/** Undefined where the store can't be used, which is then all that there is to say of it. */
function statsOf({ store }: Sources): StoreStats | undefined {
  try {
    return store.stats?.();
  } catch {
    return undefined;
  }
}

function storeFamilies(stats: StoreStats | undefined): Family[] {
  const metrics = METRICS.store;
  if (stats === undefined) return [single(metrics.usable, 0)];
  return [
    single(metrics.usable, 1),
    single(metrics.commits, stats.commits),
    single(metrics.conflicts, stats.conflicts),
    single(metrics.retries, stats.retries),
    ...('batches' in stats ? embeddedFamilies(stats as EmbeddedStats) : []),
  ];
}

/** What only the engine that keeps the store itself can tell. */
function embeddedFamilies(stats: EmbeddedStats): Family[] {
  const metrics = METRICS.store;
  const { batch_commits, batch_ms } = stats;
  return [
    single(metrics.syncs, stats.batches),
    histogramOf(metrics.batchCommits, [[[], cumulative(batch_commits.bounds, batch_commits)]]),
    histogramOf(metrics.batchSeconds, [[[], inSeconds(batch_ms.bounds, batch_ms)]]),
    single(metrics.waiting, stats.waiting_commits),
    single(metrics.snapshots, stats.snapshots),
    single(metrics.oldestReader, stats.oldest_snapshot_ms / 1000),
    single(metrics.keys, stats.keys),
    single(metrics.size, stats.size_bytes_on_disk),
    single(metrics.free, stats.disk_free_bytes),
  ];
}

function recyclerFamilies({ sweeps, rounds, running, waiting, last_success_ms }: RecyclerCounts): Family[] {
  const metrics = METRICS.recycler;
  const bySweep = (metric: Metric, field: 'scanned' | 'found' | 'deleted' | 'failed' | 'objects' | 'bytes') =>
    familyOf(
      metric,
      [...sweeps].map(([name, numbers]): Sample => [[name], numbers[field]]),
    );
  return [
    bySweep(metrics.scanned, 'scanned'),
    bySweep(metrics.found, 'found'),
    bySweep(metrics.deleted, 'deleted'),
    bySweep(metrics.failed, 'failed'),
    bySweep(metrics.objects, 'objects'),
    bySweep(metrics.bytes, 'bytes'),
    familyOf(
      metrics.rounds,
      [...rounds].map(([state, count]): Sample => [[RoundState[state].toLowerCase()], count]),
    ),
    single(metrics.running, running),
    single(metrics.waiting, waiting),
    single(metrics.lastSuccess, last_success_ms / 1000),
  ];
}

function backupFamilies({ made, failed, last_success_ms }: BackupCounts): Family[] {
  const metrics = METRICS.backup;
  return [
    single(metrics.made, made),
    single(metrics.failed, failed),
    single(metrics.lastSuccess, last_success_ms / 1000),
  ];
}

function single(metric: Metric, value: number): Family {
  return familyOf(metric, [[[], value]]);
}

/** Of a metric with one label, whose values are the keys of a record. */
function byKey(metric: Metric, values: Readonly<Record<string, number>>): Family {
  return familyOf(
    metric,
    Object.entries(values).map(([key, value]): Sample => [[key], value]),
  );
}

/** What only who holds the port knows. */
export interface PortFigures {
  /** Connections that may be open. */
  readonly most_connections: number;
  readonly refused_connections: number;
  readonly workers: number;
  readonly workers_ready: number;
  readonly restarts: number;
}

export function portFamilies(figures: PortFigures): Family[] {
  return [
    single(METRICS.connections.most, figures.most_connections),
    single(METRICS.connections.refused, figures.refused_connections),
    single(METRICS.service.workers, figures.workers),
    single(METRICS.service.ready, figures.workers_ready),
    single(METRICS.service.restarts, figures.restarts),
  ];
}
