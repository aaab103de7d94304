import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Snapshot } from '../metrics/snapshot.ts';
import type { FromWorker, Start, ToWorker } from './messages.ts';

const PROGRAM = fileURLToPath(new URL('./worker-process.js', import.meta.url));

/** How often a worker is asked whether it is there. */
const PING_EVERY_MS = 1_000;
/** One that has left so many pings unanswered gets no connections while another answers, ... */
const BUSY_AFTER_PINGS = 2;
/** ... and one that has left so many is killed: nothing that it should do takes so long without a break. */
const HUNG_AFTER_PINGS = 30;

/** How a worker has ended. */
export interface Ending {
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it said of why it can't serve, if it did. */
  readonly reason: string | undefined;
  /** Connections that were meant for it, and that it has not got. */
  readonly left: readonly Socket[];
  /** What figures it has told last, if it was asked. */
  readonly figures: Snapshot | undefined;
}

export interface WorkerEvents {
  /** It takes connections from now on. */
  ready(): void;
  ended(ending: Ending): void;
  /** It has not answered for so long, and is killed. */
  hung(silent_ms: number): void;
  /** It wants tokens of a rate limit. Returns how many it gets. */
  borrowed(name: string, per_second: number, wanted: number): number;
  /** It wants the figures of all workers. Resolves to undefined where they can't be had. */
  gather(): Promise<Snapshot | undefined>;
  /** A line of its log, without the line's end. */
  logged(line: string): void;
}

/** A worker as its supervisor sees it: a process, and the connections that it has. */
export class Worker {
  readonly #child: ChildProcess;
  readonly #events: WorkerEvents;
  #ready = false;
  #connections = 0;
  #reason: string | undefined;
  /** Connections that wait until it has taken the one before them. */
  readonly #queued = new Set<Socket>();
  /** What Node.js would close once the worker has it, and forgets when the worker dies before. */
  #passed: Handle | undefined;
  #pings: NodeJS.Timeout | undefined;
  #unanswered = 0;
  #given = 0;
  /** What `#given` was when it was asked last, with all of it on its way then. */
  #givenWhenAsked = 0;
  #figures: Snapshot | undefined;
  /** Those who wait for its figures. */
  #whenCollected: (() => void)[] = [];

  constructor(start: Start, events: WorkerEvents) {
    this.#events = events;
    // What it needs comes with its first message; what it logs goes through the supervisor, into one file.
    this.#child = fork(PROGRAM, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], serialization: 'advanced' });
    this.#child.on('message', (message) => this.#onMessage(message as FromWorker));
    this.#child.on('error', (error) => {
      this.#reason ??= error.message;
    });
    this.#child.once('exit', () => {
      this.#ready = false;
    });
    this.#child.once('close', (code, signal) => this.#onClose(code, signal));
    // Without a process there is nobody to hear, and nothing to send by: its end follows.
    if (this.#child.pid === undefined) return;
    if (this.#child.stdout !== null) createInterface(this.#child.stdout).on('line', (line) => events.logged(line));
    this.#send(start);
    this.#pings = setInterval(() => this.#ping(), PING_EVERY_MS);
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** Whether it has answered of late. */
  get isResponsive(): boolean {
    return this.#unanswered < BUSY_AFTER_PINGS;
  }

  /** How many were given to it and have not ended. */
  get connections(): number {
    return this.#connections;
  }

  /** Tells it at which port the service is reached. */
  serving(port: number): void {
    this.#send({ kind: 'serving', port });
  }

  /** Passes on a connection whose bytes nobody has read. */
  give(socket: Socket): void {
    this.#connections++;
    this.#given++;
    // The server that accepted it would otherwise ask the worker about it for as long as it is open.
    Object.assign(socket, { server: null });
    const handle = handleOf(socket);
    this.#queued.add(socket);
    this.#child.send({ kind: 'connection' } satisfies ToWorker, socket, {}, (error) => {
      // What can't be sent waits for the worker's end, which follows.
      if (error !== null && handleOf(socket) !== undefined) return;
      this.#queued.delete(socket);
      this.#passed = handle;
    });
  }

  /** What it has told last of what it does, if it was asked. */
  get figures(): Snapshot | undefined {
    return this.#figures;
  }

  /** Asks for its figures. Resolves when they are here, or it has ended. */
  collect(): Promise<void> {
    if (!this.#ready) return Promise.resolve();
    if (this.#whenCollected.length === 0) this.#send({ kind: 'collect' });
    return new Promise((resolve) => this.#whenCollected.push(resolve));
  }

  /** Has it answer what is in flight, and end. */
  stop(): void {
    this.#ready = false;
    clearInterval(this.#pings);
    this.#send({ kind: 'stop' });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** What can't be sent had a worker that has died, which shows by its end. */
  #send(message: ToWorker): void {
    if (this.#child.pid !== undefined) this.#child.send(message, () => undefined);
  }

  /** Counts pings, not time: a machine that was suspended has not answered either. */
  #ping(): void {
    this.#unanswered++;
    if (this.#unanswered === 1) {
      this.#givenWhenAsked = this.#queued.size === 0 ? this.#given : -1;
      this.#send({ kind: 'ping' });
    }
    if (this.#unanswered <= HUNG_AFTER_PINGS) return;
    clearInterval(this.#pings);
    this.#events.hung(HUNG_AFTER_PINGS * PING_EVERY_MS);
    this.kill();
  }

  #onMessage(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.#ready = true;
        this.#events.ready();
        break;
      case 'alive':
        this.#unanswered = 0;
        // A worker without a free descriptor does not get what it is given, and doesn't know of it.
        if (this.#given === this.#givenWhenAsked) this.#connections = message.connections;
        break;
      case 'leaving':
        this.#ready = false;
        break;
      case 'failed':
        this.#reason = message.reason;
        break;
      case 'ended':
        this.#connections -= message.connections;
        break;
      case 'borrow': {
        const { name, per_second, wanted } = message;
        this.#send({ kind: 'lent', name, tokens: this.#events.borrowed(name, per_second, wanted) });
        break;
      }
      case 'collected':
        this.#figures = message.snapshot;
        this.#tellCollected();
        break;
      case 'gather':
        void this.#events.gather().then((snapshot) => this.#send({ kind: 'gathered', snapshot }));
        break;
    }
  }

  #tellCollected(): void {
    for (const tell of this.#whenCollected.splice(0)) tell();
  }

  #onClose(code: number | null, signal: NodeJS.Signals | null): void {
    this.#ready = false;
    this.#connections = 0;
    clearInterval(this.#pings);
    this.#passed?.close();
    const figures = this.#figures;
    this.#events.ended({ pid: this.#child.pid, code, signal, reason: this.#reason, left: [...this.#queued], figures });
    this.#tellCollected();
  }
}

/** What of a socket goes to another process. */
interface Handle {
  close(): void;
}

/** Undefined when it has gone already. Closing it again is harmless. */
function handleOf(socket: Socket): Handle | undefined {
  return (socket as unknown as { readonly _handle: Handle | null })._handle ?? undefined;
}
