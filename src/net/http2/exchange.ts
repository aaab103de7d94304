import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { ByteBudget } from '../byte-budget.ts';

/** What a request learns of itself as it goes on. */
export interface Receiver {
  onData(chunk: Buffer): void;
  /** The request is whole. */
  onEnd(): void;
  /** The request did not come whole within `request_timeout_ms`. */
  onLate(): void;
  /** Nothing can be sent any more: the answer is out, or the stream was reset, or the connection has ended. */
  onClose(): void;
  /** The service begins to stop. */
  onDrain(): void;
}

export interface ExchangeLimits {
  /** What requests and answers in memory are counted against. */
  readonly buffered: ByteBudget;
  readonly request_timeout_ms: number;
  readonly send_timeout_ms: number;
}

export interface ExchangeEvents {
  /** The stream is closed, with this code of HTTP/2. */
  closed(exchange: Exchange, code: number): void;
}

/** How much of an answer is sent at once: its progress is seen piece by piece. */
const PIECE_BYTES = 256 * 1024;
/** An answer of that size is never refused for want of room, since what it tells of has happened. */
const SMALL_BYTES = 64 * 1024;

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants;

/**
 * How long a request that was answered before it had come whole is still read, to be thrown away. Clients end it when they
 * have the answer; some take it for an error when we do, and never read the answer.
 */
const DISCARD_MS = 2_000;

/** A request that is answered while it still goes on, message by message, is `streaming`. */
type Phase = 'arriving' | 'running' | 'streaming' | 'sending' | 'closed';

/** One request and its answer, on a stream of HTTP/2: what is the same whatever they carry. */
export class Exchange {
  readonly #stream: ServerHttp2Stream;
  readonly #limits: ExchangeLimits;
  readonly #events: ExchangeEvents;
  #receiver: Receiver | undefined;
  #phase: Phase = 'arriving';
  /** When the phase began, or when some of the answer last went out. */
  #since_ms = performance.now();
  /** Bytes of the answer that are counted. */
  #held = 0;
  #trailers: OutgoingHttpHeaders = {};
  /** What to call when the stream closes. */
  #releases: (() => void)[] = [];

  constructor(stream: ServerHttp2Stream, limits: ExchangeLimits, events: ExchangeEvents) {
    this.#stream = stream;
    this.#limits = limits;
    this.#events = events;
    // A stream that fails closes, too, and there is no more to know of it.
    stream.on('error', ignore);
    stream.on('close', this.#onClose);
  }

  /** Whether an answer has been begun, or none can be sent any more. */
  get isAnswered(): boolean {
    return this.#phase === 'streaming' || this.#phase === 'sending' || this.#isGone;
  }

  get #isGone(): boolean {
    return this.#phase === 'closed' || this.#stream.closed || this.#stream.destroyed;
  }

  /** Hands the request over as it arrives. */
  receive(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#stream.on('data', this.#onData);
    this.#stream.on('end', this.#onEnd);
  }

  /** Counts so many bytes of an answer until the stream closes. Whether there was room for them. */
  reserve(bytes: number): boolean {
    const { buffered } = this.#limits;
    if (!buffered.take(bytes)) {
      if (bytes > SMALL_BYTES) return false;
      buffered.overdraw(bytes);
    }
    this.#held += bytes;
    return true;
  }

  /** Calls `release` when the answer was sent, or is lost. */
  whenClosed(release: () => void): void {
    if (this.#phase === 'closed') release();
    else this.#releases.push(release);
  }

  /** Answers a request that has come whole, with a body in some parts and with trailers. */
  answer(headers: OutgoingHttpHeaders, body: readonly Buffer[], trailers: OutgoingHttpHeaders): void {
    if (this.isAnswered) return;
    this.#enter('sending');
    this.#respond(headers, trailers);
    this.#sendAll(body);
  }

  /** Answers without trailers. What has not come of the request by then is thrown away. */
  answerAtOnce(headers: OutgoingHttpHeaders, body?: readonly Buffer[]): void {
    if (this.isAnswered) return;
    if (this.#phase === 'arriving') this.#stopReading();
    this.#enter('sending');
    this.#stream.respond(headers, body === undefined ? HEADERS_ALONE : WITHOUT_TRAILERS);
    if (body !== undefined) this.#sendAll(body);
  }

  /** Begins an answer that goes on with `write` and ends with `finish`, while the request may still go on. */
  begin(headers: OutgoingHttpHeaders): void {
    if (this.isAnswered) return;
    this.#enter('streaming');
    this.#respond(headers, {});
    this.#stream.on('drain', () => this.#stream.resume());
  }

  /** Bytes of an answer that the peer has not taken yet, as far as they were given to `write`. */
  get unsent_bytes(): number {
    return this.#stream.writableLength;
  }

  /** Sends some of an answer that has begun. A peer that doesn't read it has its request read no further. */
  write(bytes: Buffer): void {
    if (this.#phase !== 'streaming' || this.#isGone) return;
    if (this.#stream.writableLength === 0) this.#since_ms = performance.now();
    const progress = () => {
      this.#since_ms = performance.now();
    };
    if (!this.#stream.write(bytes, progress)) this.#stream.pause();
  }

  /** Ends an answer that has begun. */
  finish(trailers: OutgoingHttpHeaders): void {
    if (this.#phase !== 'streaming' || this.#isGone) return;
    this.#enter('sending');
    this.#trailers = trailers;
    this.#stopReading();
    this.#stream.end();
  }

  /** What went wrong beyond an answer: the stream ends with a code of HTTP/2. */
  reset(code: number): void {
    if (!this.#isGone) this.#stream.close(code);
  }

  /** To be called now and then: ends what makes no progress. Whether that was an answer which nobody reads. */
  checkTime(now_ms: number): boolean {
    const { request_timeout_ms, send_timeout_ms } = this.#limits;
    const passed_ms = now_ms - this.#since_ms;
    if (this.#phase === 'arriving' && passed_ms > request_timeout_ms) this.#receiver?.onLate();
    const isSending = this.#phase === 'sending' || (this.#phase === 'streaming' && this.#stream.writableLength > 0);
    if (!isSending) return false;
    if (this.#stream.writableFinished) {
      if (passed_ms > DISCARD_MS) this.reset(NGHTTP2_NO_ERROR);
      return false;
    }
    if (passed_ms <= send_timeout_ms) return false;
    this.reset(NGHTTP2_CANCEL);
    return true;
  }

  drain(): void {
    this.#receiver?.onDrain();
  }

  readonly #onData = (chunk: Buffer): void => this.#receiver?.onData(chunk);

  readonly #onEnd = (): void => {
    // A request that is reset ends here, too, without being whole.
    if (this.#isGone) return;
    if (this.#phase === 'arriving') this.#enter('running');
    this.#receiver?.onEnd();
  };

  readonly #onClose = (): void => {
    this.#enter('closed');
    this.#limits.buffered.giveBack(this.#held);
    for (const release of this.#releases.splice(0)) release();
    this.#receiver?.onClose();
    this.#events.closed(this, this.#stream.rstCode);
  };

  #respond(headers: OutgoingHttpHeaders, trailers: OutgoingHttpHeaders): void {
    this.#trailers = trailers;
    this.#stream.on('wantTrailers', this.#onWantTrailers);
    this.#stream.respond(headers, WITH_TRAILERS);
  }

  readonly #onWantTrailers = (): void => {
    if (!this.#isGone) this.#stream.sendTrailers(this.#trailers);
  };

  /** Sends piece by piece, each when the one before it is on the wire. */
  #sendAll(body: readonly Buffer[]): void {
    const pieces = body.length === 1 ? inPieces(body[0] ?? EMPTY) : body.flatMap(inPieces);
    let next = 0;
    const sendNext = (): void => {
      if (this.#isGone) return;
      this.#since_ms = performance.now();
      const piece = pieces[next++];
      if (next < pieces.length) this.#stream.write(piece, sendNext);
      else this.#stream.end(piece);
    };
    sendNext();
  }

  #stopReading(): void {
    this.#stream.off('data', this.#onData);
    this.#stream.off('end', this.#onEnd);
    this.#stream.resume();
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#since_ms = performance.now();
  }
}

// Nobody asks a service for the date.
const WITH_TRAILERS = { waitForTrailers: true, sendDate: false };
const WITHOUT_TRAILERS = { endStream: false, sendDate: false };
const HEADERS_ALONE = { endStream: true, sendDate: false };

const EMPTY = Buffer.alloc(0);

function inPieces(bytes: Buffer): Buffer[] {
  if (bytes.length <= PIECE_BYTES) return [bytes];
  const count = Math.ceil(bytes.length / PIECE_BYTES);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES));
}

function ignore(): void {}
