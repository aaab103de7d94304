import type { Awaitable } from '../../awaitable.ts';
import type { Logger } from '../../observe/logger.ts';
import { loggedOrigin } from '../../rpc/call-origin.ts';
import { Held } from '../../rpc/held.ts';
import { logDefect } from '../defect.ts';
import { answerFrames, refusalFrame } from './answer-frame.ts';
import { Errno, Refusal } from './errno.ts';
import type { Frame } from './frame-decoder.ts';
import type { Outbox } from './outbox.ts';
import { originOfMeta, type RequestMeta, readRequestMeta } from './request-meta.ts';
import { type RunCallOptions, refusalOf, runCall } from './run-call.ts';

export interface CallsOptions extends RunCallOptions {
  readonly logger: Logger;
}

/** The two ends of a connection. */
export interface Ends {
  readonly local: string;
  readonly remote: string;
}

const NO_ROOM = new Refusal(
  Errno.Limit,
  'the requests in flight hold as many bytes as max_buffered_bytes allows, try again later',
);
/** Nobody will read it. */
const GONE = new Refusal(Errno.TimedOut, 'The connection has ended before the call could begin');
const STOPPING = new Refusal(Errno.LogOff, 'Server is stopping');

/** The calls of one connection: they run side by side, and each is answered when it is done. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #ends: Ends;
  readonly #outbox: Outbox;
  /** Told of each call that `begin` has left running, when it runs no more. */
  readonly #settled: () => void;
  #running = 0;
  #stopping = false;

  constructor(options: CallsOptions, ends: Ends, outbox: Outbox, settled: () => void) {
    this.#options = options;
    this.#ends = ends;
    this.#outbox = outbox;
    this.#settled = settled;
  }

  get running(): number {
    return this.#running;
  }

  /** From now on, calls are told to go elsewhere. */
  stop(): void {
    this.#stopping = true;
  }

  /**
   * Begins the call of a frame that came at `arrived_ms`, or refuses it.
   *
   * @throws {MalformedMetaError} for a frame that can't be answered, since its meta can't be read.
   */
  begin(frame: Frame, arrived_ms: number): void {
    const meta = this.#metaOf(frame);
    const { payload } = frame;
    if (payload === undefined) {
      this.#refuse(meta, NO_ROOM);
      return;
    }
    const payload_bytes = payload.length;
    const held = new Held();
    let response: Awaitable<Uint8Array>;
    try {
      this.#mustBegin(meta, arrived_ms);
      const mustWait = () => this.#mustWait(meta, arrived_ms);
      const caller = { remote: this.#ends.remote, untilSent: held.add, mustWait };
      response = runCall(this.#options, meta, payload, caller);
    } catch (error) {
      this.#options.buffered.giveBack(payload_bytes);
      this.#refuse(meta, this.#refusal(error, meta, payload_bytes));
      return;
    }
    if (!(response instanceof Promise)) {
      this.#answer(meta, arrived_ms, response);
      this.#free(payload_bytes, held);
      return;
    }
    this.#running++;
    response.then(
      (message) => {
        this.#answer(meta, arrived_ms, message);
        this.#settle(payload_bytes, held);
      },
      (error: unknown) => {
        this.#refuse(meta, this.#refusal(error, meta, payload_bytes));
        this.#settle(payload_bytes, held);
      },
    );
  }

  #answer(meta: RequestMeta, arrived_ms: number, message: Uint8Array): void {
    if (!isOver(meta, arrived_ms)) for (const piece of answerFrames(meta, message)) this.#outbox.add(piece);
  }

  #metaOf({ meta, payload }: Frame): RequestMeta {
    try {
      return readRequestMeta(meta);
    } catch (error) {
      this.#options.buffered.giveBack(payload?.length ?? 0);
      throw error;
    }
  }

  #mustBegin(meta: RequestMeta, arrived_ms: number): void {
    if (this.#stopping) throw STOPPING;
    this.#mustWait(meta, arrived_ms);
  }

  /** That the caller still waits for its answer. */
  #mustWait(meta: RequestMeta, arrived_ms: number): void {
    if (this.#outbox.isClosed) throw GONE;
    if (!isOver(meta, arrived_ms)) return;
    throw new Refusal(Errno.TimedOut, `Reached timeout=${meta.timeout_ms}ms before the call could begin`);
  }

  #settle(payload_bytes: number, held: Held): void {
    this.#free(payload_bytes, held);
    this.#running--;
    this.#settled();
  }

  #free(payload_bytes: number, held: Held): void {
    held.passOn((release) => this.#outbox.whenSent(release));
    this.#options.buffered.giveBack(payload_bytes);
  }

  #refusal(error: unknown, meta: RequestMeta, payload_bytes: number): Refusal {
    const refusal = refusalOf(error, meta, payload_bytes);
    if (refusal !== undefined) return refusal;
    const { remote } = this.#ends;
    const errorId = logDefect(this.#options.logger, error, { remote, ...loggedOrigin(originOfMeta(meta)) });
    return new Refusal(Errno.Internal, `unexpected error, the log tells more about error_id=${errorId}`);
  }

  /** brpc's texts begin with who says it, and the code. */
  #refuse(meta: RequestMeta, { code, message }: Refusal): void {
    this.#outbox.add(refusalFrame(meta, code, `[${this.#ends.local}][E${code}]${message}`));
  }
}

/**
 * Whether the caller has waited as long as it wanted to. By then, brpc's clients have given the call up, and throw away an
 * answer that comes all the same: so none is sent.
 */
function isOver({ timeout_ms }: RequestMeta, arrived_ms: number): boolean {
  return timeout_ms > 0 && performance.now() - arrived_ms >= timeout_ms;
}
