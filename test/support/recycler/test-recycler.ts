import { readFlags } from '../../../src/config/flags.ts';
import { loadSettings } from '../../../src/config/load.ts';
import type { Settings } from '../../../src/config/settings.ts';
import { keys } from '../../../src/keys/key-table.ts';
import type { Store } from '../../../src/kv/store.ts';
import { RateLimiters } from '../../../src/objects/rate-limiters.ts';
import { readRecord } from '../../../src/records/message-record.ts';
import { findJob } from '../../../src/recycler/jobs/job-record.ts';
import { Recycler, type RecyclerOptions } from '../../../src/recycler/recycler.ts';
import type { Sweep } from '../../../src/recycler/sweep.ts';
import type { Domain } from '../fuzz/domain.ts';
import { loggerTo } from '../logger-to.ts';
import { ManualClock } from './manual-clock.ts';
import { testVaults } from './sweep-context.ts';

export interface TestRecyclerOptions extends Partial<Omit<RecyclerOptions, 'settings' | 'sweeps' | 'owner'>> {
  readonly owner?: string;
  readonly settings?: Partial<Settings>;
  readonly live?: readonly Sweep[];
  readonly deleted?: readonly Sweep[];
}

/** The settings of the recyclers under test: rounds begin at once, and are due again after an hour. */
const SETTINGS = { recycler_sleep_before_scheduling_seconds: 0, recycle_interval_seconds: 3600 };

/** A recycler on the store of a domain, as another process would have it: without its own sweeps, and with a clock that stands still. */
export function testRecycler(domain: Domain, options: TestRecyclerOptions = {}): Recycler {
  const { settings, live = [], deleted = [], owner = 'one:5000#1', ...more } = options;
  const all = { ...loadSettings(readFlags([]), {}).settings, ...SETTINGS, ...settings };
  return new Recycler({
    store: domain.store,
    services: domain.services,
    settings: all,
    clock: new ManualClock(),
    logger: loggerTo((line) => void domain.log.push(line)),
    owner: () => owner,
    openVaults: async () => testVaults({}),
    sweeps: { live: live.map((sweep) => [sweep]), deleted: deleted.map((sweep) => [sweep]) },
    limiters: new RateLimiters(all),
    ...more,
  });
}

/** The record of who recycles an instance. */
export function jobOf(store: Store, instance_id: string) {
  return store.transact((txn) => findJob(txn, { kind: keys.jobRecycle, instance_id }));
}

/** What is kept of the last round over an instance. */
export function reportOf(store: Store, instance_id: string) {
  return store.transact((txn) => readRecord(txn, keys.systemRecycleReport, { instance_id }));
}
