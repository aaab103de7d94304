import type { HttpHandler } from '../admin/http-types.ts';
import { statusUsers } from '../config/rules.ts';
import type { Settings } from '../config/settings.ts';
import type { Store } from '../kv/store.ts';
import { Heartbeats } from '../monitor/heartbeat/heartbeats.ts';
import { StatusPage } from '../monitor/status-page.ts';
import type { Logger } from '../observe/logger.ts';
import { namesOfProcess } from './recycling.ts';

/** Where frontends have the page: under the name of before there were compute groups, and under that of since. */
const PATHS = ['cluster', 'compute_group'].flatMap((noun) => [
  `/rest/v2/manager/${noun}/cluster_info/cloud_cluster_status`,
  `/rest/v2/manager/${noun}/compute_group_info/compute_group_status`,
]);

export interface MonitoringOptions {
  readonly store: Store;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly now_ms: () => number;
}

/** What watches the clusters, and the pages that show what it sees. */
export interface Monitoring {
  /** By their paths. */
  readonly pages: ReadonlyMap<string, HttpHandler>;
  /** Begins, under the name of the port that the service is reached at. */
  start(port: number): void;
  /** Resolves when nothing runs any more. Calling it again waits for the same. */
  stop(): Promise<void>;
}

export function createMonitoring({ store, settings, logger, now_ms }: MonitoringOptions): Monitoring {
  const heartbeats = settings.backend_heartbeat
    ? new Heartbeats({
        ...{ store, logger, now_ms },
        interval_ms: settings.heartbeat_interval_second * 1000,
        timeout_ms: settings.heartbeat_timeout_ms,
        at_a_time: settings.heartbeat_mgr_threads_num,
        tolerance: settings.max_backend_heartbeat_failure_tolerance_count,
      })
    : undefined;
  const page = new StatusPage({ ...settings, store, heartbeats, users: statusUsers(settings) });
  const nameAt = namesOfProcess();
  return {
    pages: new Map(PATHS.map((path) => [path, (call) => page.answer(call)])),
    start: (port) => heartbeats?.start(nameAt(port)),
    stop: async () => heartbeats?.stop(),
  };
}
