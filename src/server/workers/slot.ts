import type { Socket } from 'node:net';
import type { Logger } from '../../observe/logger.ts';
import type { Snapshot } from '../metrics/snapshot.ts';
import { StartError } from '../start-error.ts';
import type { Told } from './gathering.ts';
import type { Start } from './messages.ts';
import { type Ending, Worker, type WorkerEvents } from './worker.ts';

/** How long after its end a worker is started again: at first, and at most, when it goes on ending. */
const RESTART_AFTER_MS = { first: 100, most: 5_000 } as const;
/** A worker that has served for so long was sound: the next one that ends is started again as the first. */
const SOUND_AFTER_MS = 10_000;

export interface SlotOptions extends Pick<WorkerEvents, 'logged' | 'borrowed' | 'gather'> {
  readonly start: Start;
  readonly logger: Logger;
  /** A worker takes connections from now on. */
  readonly ready: () => void;
  /** Takes a connection back that a worker has not got before its end. */
  readonly left: (socket: Socket) => void;
  /** Keeps what a worker had told of what it did before it ended. */
  readonly keep: (figures: Snapshot) => void;
}

/** A place for a worker: when the one in it ends, another takes it. */
export class Slot implements Told {
  readonly #options: SlotOptions;
  #worker: Worker | undefined;
  /** At which the service is reached, once it is. */
  #port: number | undefined;
  #started_ms = 0;
  #restart_after_ms: number = RESTART_AFTER_MS.first;
  #restart: NodeJS.Timeout | undefined;
  #whenEnded: (() => void) | undefined;
  #stopping = false;
  #restarts = 0;

  constructor(options: SlotOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#worker?.isReady ?? false;
  }

  /** Whether its worker has answered of late, so that connections are better given to it than to one that has not. */
  get isResponsive(): boolean {
    return this.#worker?.isResponsive ?? false;
  }

  get connections(): number {
    return this.#worker?.connections ?? 0;
  }

  /** How often a worker was started again here. */
  get restarts(): number {
    return this.#restarts;
  }

  get figures(): Snapshot | undefined {
    return this.#worker?.figures;
  }

  async collect(): Promise<void> {
    await this.#worker?.collect();
  }

  /** Resolves when the first worker is ready, and rejects with a StartError when it can't serve. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#launch(resolve, (ending) => reject(new StartError(ending.reason ?? `a worker ended ${how(ending)}`)));
    });
  }

  /** Tells the worker, and those that take its place, at which port the service is reached. */
  serving(port: number): void {
    this.#port = port;
    if (this.isReady) this.#worker?.serving(port);
  }

  give(socket: Socket): void {
    if (this.#worker === undefined) socket.destroy();
    else this.#worker.give(socket);
  }

  /** Resolves when the worker has ended, after what is in flight, or killed when that takes longer than `timeout_ms`. */
  async stop(timeout_ms: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => (this.#whenEnded = resolve));
    const timer = setTimeout(() => worker.kill(), timeout_ms);
    worker.stop();
    await ended;
    clearTimeout(timer);
  }

  /** Ends the worker at once. */
  kill(): void {
    this.#worker?.kill();
  }

  #launch(ready: () => void, failed: (ending: Ending) => void): void {
    this.#started_ms = performance.now();
    let wasReady = false;
    this.#worker = new Worker(this.#options.start, {
      logged: this.#options.logged,
      borrowed: this.#options.borrowed,
      gather: this.#options.gather,
      ready: () => {
        wasReady = true;
        if (this.#port !== undefined) this.#worker?.serving(this.#port);
        ready();
        this.#options.ready();
      },
      hung: (silent_ms) => {
        const { logger, start } = this.#options;
        logger.error('a worker does not answer, and is killed', { worker: start.worker, silent_ms });
      },
      ended: (ending) => {
        this.#worker = undefined;
        if (ending.figures !== undefined) this.#options.keep(ending.figures);
        for (const socket of ending.left) this.#options.left(socket);
        if (this.#stopping) this.#whenEnded?.();
        else if (wasReady) this.#launchLater(ending);
        else failed(ending);
      },
    });
  }

  /** A worker that can't be started again is tried for ever, since the others serve on meanwhile. */
  readonly #launchLater = (ending: Ending): void => {
    if (this.#stopping) return;
    const { logger, start } = this.#options;
    if (performance.now() - this.#started_ms > SOUND_AFTER_MS) this.#restart_after_ms = RESTART_AFTER_MS.first;
    const restart_after_ms = this.#restart_after_ms;
    const { pid, reason } = ending;
    logger.error(`a worker ended ${how(ending)}`, { worker: start.worker, pid, reason, restart_after_ms });
    this.#restart_after_ms = Math.min(restart_after_ms * 2, RESTART_AFTER_MS.most);
    this.#restart = setTimeout(() => {
      this.#restarts++;
      this.#launch(() => undefined, this.#launchLater);
    }, restart_after_ms);
  };
}

function how({ code, signal }: Ending): string {
  return signal === null ? `with exit code ${code}` : `by ${signal}`;
}
