import type { Store } from '../../kv/store.ts';
import type { Logger } from '../../observe/logger.ts';
import { type BackendAddress, nameOf } from '../backend-row.ts';
import { readInstances } from '../instances.ts';
import { backendsOf, frontendsOf, isLive } from '../nodes.ts';
import { askBackend } from './ask-backend.ts';
import { giveLeaseBack, holdLease } from './lease.ts';
import type { Heartbeat } from './messages.ts';
import { type KnownBackend, type KnownBackends, readReport, writeReport } from './report.ts';
import { loadThrift, type Thrift } from './thrift.ts';

/** How often the report of a round that takes long is written, by the length of the lease, which is renewed with it. */
const WRITES_A_LEASE = 3;

export interface HeartbeatsOptions {
  readonly store: Store;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now_ms: () => number;
  readonly interval_ms: number;
  /** Of one heartbeat. */
  readonly timeout_ms: number;
  /** Backends that are asked at a time. */
  readonly at_a_time: number;
  /** Heartbeats in a row that a backend must have left unanswered to count as one that does not answer. */
  readonly tolerance: number;
}

/** By `nameOf`. */
type Addresses = ReadonlyMap<string, BackendAddress>;

/**
 * Asks the backends of all instances without a frontend for their state, again and again, and keeps what they answer in the
 * store. One process does it at a time, by a lease; where it has died, another goes on once the lease has expired.
 */
export class Heartbeats {
  readonly #options: HeartbeatsOptions;
  readonly #lease_ms: number;
  readonly #stopping = new AbortController();
  /** Why those that do not answer do not, as the log has been told. */
  readonly #told = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;
  #thrift: Promise<Thrift> | undefined;
  #failing = false;
  #owner = '';
  #stopped: Promise<void> | undefined;

  constructor(options: HeartbeatsOptions) {
    this.#options = options;
    this.#lease_ms = WRITES_A_LEASE * (options.interval_ms + options.timeout_ms);
  }

  /** What backends have answered, to whichever process. */
  known(): Promise<KnownBackends> {
    const { store, now_ms } = this.#options;
    return store.transact((txn) => readReport(txn, now_ms() - this.#lease_ms));
  }

  /** Begins, for a process of a name that no other has. */
  start(owner: string): void {
    this.#owner = owner;
    this.#roundAfter(0);
  }

  /** Aborts what runs, and resolves when it has ended and the lease is given back. Calling it again waits for the same. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { store, logger } = this.#options;
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#round;
    try {
      await store.transact((txn) => giveLeaseBack(txn, { owner: this.#owner }));
    } catch (error) {
      logger.warn('the lease on heartbeats could not be given back, and has to expire', { error });
    }
  }

  #roundAfter(ms: number): void {
    this.#timer = setTimeout(() => {
      const began = performance.now();
      this.#round = this.#runRound().finally(() => {
        const { interval_ms } = this.#options;
        if (!this.#stopping.signal.aborted) this.#roundAfter(Math.max(interval_ms - (performance.now() - began), 0));
      });
    }, ms);
    this.#timer.unref();
  }

  /** Never rejects: what fails is tried again in the next round. */
  async #runRound(): Promise<void> {
    const { logger } = this.#options;
    try {
      await this.#askAll();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) logger.error('backends could not be asked for their state', { error });
      this.#failing = true;
    }
  }

  async #askAll(): Promise<void> {
    const before = await this.#begin();
    if (before === undefined) {
      // Whoever has the lease tells the log of them.
      this.#told.clear();
      return;
    }
    this.#thrift ??= loadThrift();
    const thrift = await this.#thrift;
    const known = new Map([...before.known].filter(([name]) => before.asked.has(name)));
    for (const name of this.#told.keys()) if (!before.asked.has(name)) this.#told.delete(name);
    await this.#askEach(before.asked, known, thrift);
    if (!this.#stopping.signal.aborted) await this.#keep(known);
  }

  /** Asks some backends at a time. In a round that takes long, what is known is written in between; it ends where that fails. */
  async #askEach(asked: Addresses, known: Map<string, KnownBackend>, thrift: Thrift): Promise<void> {
    const round = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, round.signal]);
    const left = asked.entries();
    let written_ms = performance.now();
    const askOneByOne = async () => {
      for (const [name, address] of left) {
        if (signal.aborted) return;
        const heartbeat = await askBackend(address, { ...this.#options, thrift, signal });
        if (signal.aborted) return;
        this.#note(known, name, address, heartbeat);
        if (performance.now() - written_ms < this.#lease_ms / WRITES_A_LEASE) continue;
        written_ms = performance.now();
        if (!(await this.#keep(known))) round.abort();
      }
    };
    const work = Array.from({ length: this.#options.at_a_time }, askOneByOne);
    try {
      await Promise.all(work);
    } finally {
      round.abort();
      await Promise.allSettled(work);
    }
  }

  /** Takes the lease, and says whom to ask and what is known of them; undefined where another has it. */
  #begin(): Promise<{ asked: Addresses; known: KnownBackends } | undefined> {
    const { store, now_ms } = this.#options;
    return store.transact(async (txn) => {
      if (!(await holdLease(txn, this.#claim()))) return undefined;
      const asked = new Map<string, BackendAddress>();
      for await (const instance of readInstances(txn)) {
        // Backends of an instance with frontends have a master, and are not to see a second one.
        if (!isLive(instance) || frontendsOf(instance).length > 0) continue;
        for (const address of [...backendsOf(instance).values()].flat()) asked.set(nameOf(address), address);
      }
      return { asked, known: await readReport(txn, now_ms() - this.#lease_ms) };
    });
  }

  /** Writes what is known so far, and renews the lease; returns whether it is still this process's. */
  #keep(known: KnownBackends): Promise<boolean> {
    const { store, now_ms } = this.#options;
    return store.transact(async (txn) => {
      const isHeld = await holdLease(txn, this.#claim());
      if (isHeld) writeReport(txn, known, now_ms());
      return isHeld;
    });
  }

  #claim() {
    return { owner: this.#owner, now_ms: this.#options.now_ms(), lease_ms: this.#lease_ms };
  }

  #note(known: Map<string, KnownBackend>, name: string, address: BackendAddress, heartbeat: Heartbeat): void {
    const { logger, tolerance } = this.#options;
    if (heartbeat.kind === 'facts') {
      known.set(name, { address, facts: heartbeat.facts, failures: 0 });
      if (this.#told.delete(name)) logger.info('a backend answers heartbeats again', { backend: name });
      return;
    }
    const before = known.get(name);
    const failures = (before?.failures ?? 0) + 1;
    if (before !== undefined && failures < tolerance) known.set(name, { ...before, failures });
    else known.delete(name);
    if (this.#told.get(name) === heartbeat.why) return;
    this.#told.set(name, heartbeat.why);
    logger.warn('a backend does not answer heartbeats', { backend: name, why: heartbeat.why });
  }
}
