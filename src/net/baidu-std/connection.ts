import type { Socket } from 'node:net';
import { closeGently } from '../close-gently.ts';
import { endpoint } from '../endpoint.ts';
import { Calls, type CallsOptions } from './calls.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { FrameError } from './frame-header.ts';
import { MalformedMetaError } from './meta-reader.ts';
import { Outbox } from './outbox.ts';

export interface ConnectionOptions extends CallsOptions {
  /** How long a frame may take to come whole. */
  readonly request_timeout_ms: number;
  /** 0 for none. */
  readonly idle_timeout_ms: number;
}

/** Calls of one connection that may be running. Further ones stay in their bytes, most of them with the peer. */
const MOST_RUNNING = 256;
/** Bytes of answers that the peer may have left when a further call is begun. */
const MOST_UNSENT_BYTES = 1024 * 1024;

/**
 * One connection. It is read as long as few enough of its calls are running and the peer takes its answers, so that a peer
 * which sends much and takes little has to wait, and holds no memory.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  /** Told why the connection is closed, when that is because of its peer. */
  readonly #closed: (why: string) => void;
  readonly #decoder: FrameDecoder;
  readonly #outbox: Outbox;
  readonly #calls: Calls;
  /** When the bytes came that were read last. */
  #arrived_ms = 0;
  /** Runs while a frame has come in part, and the rest is waited for. */
  #frameTimer: NodeJS.Timeout | undefined;
  /** Whether frames that have come are left waiting. */
  #held = false;
  /** Whether the connection ends as soon as the calls that have come are answered. */
  #ending = false;
  /** Whether nothing is looked at that comes from now on. */
  #deaf = false;

  constructor(socket: Socket, options: ConnectionOptions, closed: (why: string) => void) {
    this.#socket = socket;
    this.#options = options;
    this.#closed = closed;
    this.#decoder = new FrameDecoder({ ...options, budget: options.buffered });
    this.#outbox = new Outbox(socket);
    const ends = {
      local: endpoint(socket.localAddress, socket.localPort),
      remote: endpoint(socket.remoteAddress, socket.remotePort),
    };
    this.#calls = new Calls(options, ends, this.#outbox, () => this.#onSettled());
  }

  begin(): void {
    const socket = this.#socket;
    socket.setTimeout(this.#options.idle_timeout_ms);
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('drain', () => this.#letGo());
    socket.on('timeout', () => this.#onTimeout());
    socket.on('end', () => this.end());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#release());
    socket.resume();
  }

  /** From now on, calls are told to go elsewhere. */
  stopCalls(): void {
    this.#calls.stop();
  }

  /** Ends the connection once all calls that have come are answered. */
  end(): void {
    this.#ending = true;
    this.#endIfDone();
  }

  #onData(bytes: Buffer): void {
    if (this.#deaf) return;
    this.#arrived_ms = performance.now();
    this.#decoder.push(bytes);
    this.#takeFrames();
  }

  #takeFrames(): void {
    try {
      const taken = this.#takeWhatFits();
      if (this.#held) this.#socket.pause();
      this.#watchFrame(taken > 0);
    } catch (error) {
      if (error instanceof FrameError) this.#fail(error.message);
      else if (error instanceof MalformedMetaError) this.#fail(`sent a meta that can't be read: ${error.message}`);
      else throw error;
    }
    this.#endIfDone();
  }

  /** Begins calls until no frame is left or there is no room, and returns how many. */
  #takeWhatFits(): number {
    for (let taken = 0; ; taken++) {
      this.#held = this.#calls.running >= MOST_RUNNING || this.#outbox.unsent_bytes >= MOST_UNSENT_BYTES;
      const frame = this.#held ? undefined : this.#decoder.next();
      if (frame === undefined) return taken;
      this.#calls.begin(frame, this.#arrived_ms);
    }
  }

  /** Goes on when there may be room again. */
  #letGo(): void {
    if (!this.#held || this.#deaf) return;
    this.#takeFrames();
    if (!this.#held) this.#socket.resume();
  }

  #onSettled(): void {
    this.#letGo();
    this.#endIfDone();
  }

  /** Gives a frame that has come in part its time. That of a frame that we don't read on is not counted. */
  #watchFrame(isAnother: boolean): void {
    const isWaited = !this.#held && this.#decoder.isMidFrame;
    if (isWaited && !isAnother && this.#frameTimer !== undefined) return;
    clearTimeout(this.#frameTimer);
    const { request_timeout_ms } = this.#options;
    this.#frameTimer = isWaited
      ? setTimeout(
          () => this.#fail(`sent a part of a frame and not the rest within ${request_timeout_ms} ms`),
          request_timeout_ms,
        )
      : undefined;
  }

  /** Closes the connection because of what the peer did. Calls that have come before are answered. */
  #fail(why: string): void {
    this.#closed(why);
    this.#release();
    this.end();
  }

  #endIfDone(): void {
    const isDone = this.#calls.running === 0 && (this.#deaf || !this.#held);
    if (!this.#ending || !isDone || this.#socket.writableEnded) return;
    this.#release();
    this.#outbox.flush();
    closeGently(this.#socket);
  }

  /** The peer has read nothing for too long, or sent nothing. */
  #onTimeout(): void {
    if (this.#socket.writableLength > 0) {
      this.#closed('did not take its answers');
      this.#socket.destroy();
    } else if (this.#calls.running === 0 && this.#frameTimer === undefined) this.end();
  }

  /** Gives back what is held of frames that are not taken yet, and throws away what comes from now on. */
  #release(): void {
    this.#deaf = true;
    this.#held = false;
    this.#socket.resume();
    clearTimeout(this.#frameTimer);
    this.#frameTimer = undefined;
    this.#decoder.release();
  }
}
