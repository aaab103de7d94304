import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type { Settings } from '../config/settings.ts';
import type { Store } from '../kv/store.ts';
import type { MetaServices } from '../meta/call.ts';
import { openObjectStore } from '../objects/open-object-store.ts';
import type { OpenObjectStore } from '../objects/options.ts';
import { RateLimiters } from '../objects/rate-limiters.ts';
import type { Logger } from '../observe/logger.ts';
import { Checker } from '../recycler/checker.ts';
import { type Clock, systemClock } from '../recycler/jobs/clock.ts';
import { Recycler } from '../recycler/recycler.ts';
import { type Sweeps, sweeps } from '../recycler/sweeps.ts';
import { openVaults } from '../recycler/vaults.ts';
import type { InstanceInfoPB } from '../schema/gen/cloud/instance_pb.ts';

/** What recycling works with, for tests that have other storage, other sweeps or another time. */
export interface RecyclingParts {
  readonly open?: OpenObjectStore;
  readonly sweeps?: Sweeps;
  readonly clock?: Clock;
}

export interface RecyclingOptions {
  readonly store: Store;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly services: MetaServices;
  readonly recycling?: RecyclingParts;
}

/** The recycler of this process. */
export interface Recycling {
  readonly recycler: Recycler;
  /** Undefined where the settings do without. */
  readonly checker: Checker | undefined;
  /** Begins, under the name of the port that the service is reached at. */
  start(port: number): void;
  /**
   * Aborts what runs, and resolves when it has ended, or has not by `drain_timeout_ms`: what it had not done is found again.
   * Calling it again waits for the same.
   */
  stop(): Promise<void>;
}

export function createRecycling({ store, settings, logger, services, recycling = {} }: RecyclingOptions): Recycling {
  const { open = openObjectStore, clock = systemClock } = recycling;
  const limiters = new RateLimiters(settings);
  const nameAt = namesOfProcess();
  let port = settings.brpc_listen_port;
  const { recycler_storage_vault_white_list: only } = settings;
  const places = { store, keyring: services.keyring, open, settings, limiters };
  const parts = {
    ...{ store, services, settings, clock, logger },
    owner: () => nameAt(port),
    openVaults: (instance: InstanceInfoPB, signal: AbortSignal) => openVaults(instance, { ...places, signal }),
  };
  const recycler = new Recycler({
    ...{ ...parts, limiters, sweeps: recycling.sweeps ?? sweeps },
    openVaults: (instance, signal) => openVaults(instance, { ...places, only, signal }),
  });
  const checker = settings.enable_checker ? new Checker(parts) : undefined;
  let stopped: Promise<void> | undefined;
  return {
    recycler,
    checker,
    start: (listened_on) => {
      port = listened_on;
      recycler.start();
      checker?.start();
    },
    stop: () => {
      stopped ??= within(settings.drain_timeout_ms, Promise.all([recycler.stop(), checker?.stop()]), () =>
        logger.warn('recycling had not ended by drain_timeout_ms, and goes on where it was after the next start'),
      );
      return stopped;
    },
  };
}

/** Waits for `work`, but no longer than `ms`, after which it calls `late`. */
async function within(ms: number, work: Promise<unknown>, late: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  if ((await Promise.race([work, deadline])) === 'late') late();
  clearTimeout(timer);
}

/** What stands for this process in the leases that it takes: where it listens, as Doris has it, and what no other process has. */
export function namesOfProcess(): (port: number) => string {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const { address } = addresses.find(({ family, internal }) => family === 'IPv4' && !internal) ?? {
    address: '127.0.0.1',
  };
  const own = `${process.pid}-${randomBytes(4).toString('hex')}`;
  return (port) => `${address}:${port}#${own}`;
}
