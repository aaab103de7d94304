import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FromWorker, Start, ToWorker } from './messages.ts';

const PROGRAM = fileURLToPath(new URL('./worker-process.js', import.meta.url));

/** How a worker has ended. */
export interface Ending {
  readonly pid: number | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it said of why it can't serve, if it did. */
  readonly reason: string | undefined;
}

export interface WorkerEvents {
  /** It takes connections from now on. */
  ready(): void;
  ended(ending: Ending): void;
  /** It wants tokens of a rate limit. Returns how many it gets. */
  borrowed(name: string, per_second: number, wanted: number): number;
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

  constructor(start: Start, events: WorkerEvents) {
    this.#events = events;
    // What it needs comes with its first message; what it logs goes through the supervisor, into one file.
    this.#child = fork(PROGRAM, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'], serialization: 'advanced' });
    this.#child.on('message', (message) => this.#onMessage(message as FromWorker));
    this.#child.on('error', (error) => {
      this.#reason ??= error.message;
    });
    this.#child.once('close', (code, signal) => this.#onClose(code, signal));
    if (this.#child.stdout !== null) createInterface(this.#child.stdout).on('line', (line) => events.logged(line));
    this.#send(start);
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** How many were given to it and have not ended. */
  get connections(): number {
    return this.#connections;
  }

  /** Passes on a connection whose bytes nobody has read. */
  give(socket: Socket): void {
    this.#connections++;
    // The server that accepted it would otherwise ask the worker about it for as long as it is open.
    Object.assign(socket, { server: null });
    this.#send({ kind: 'connection' }, socket);
  }

  /** Has it answer what is in flight, and end. */
  stop(): void {
    this.#ready = false;
    this.#send({ kind: 'stop' });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** What can't be sent had a worker that has died, which shows by its end. */
  #send(message: ToWorker, socket?: Socket): void {
    this.#child.send(message, socket, {}, (error) => {
      if (error !== null) socket?.destroy();
    });
  }

  #onMessage(message: FromWorker): void {
    switch (message.kind) {
      case 'ready':
        this.#ready = true;
        this.#events.ready();
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
    }
  }

  #onClose(code: number | null, signal: NodeJS.Signals | null): void {
    this.#ready = false;
    this.#connections = 0;
    this.#events.ended({ pid: this.#child.pid, code, signal, reason: this.#reason });
  }
}
