import type { OutgoingHttpHeaders } from 'node:http2';
import { type Awaitable, attempt, whenThere } from '../../awaitable.ts';
import type { Logger } from '../../observe/logger.ts';
import { loggedOrigin } from '../../rpc/call-origin.ts';
import type { UnaryMethod } from '../../rpc/service.ts';
import type { BinaryRpc } from '../binary-rpc.ts';
import type { FairTurns } from '../fair-turns.ts';
import type { Exchange, Receiver } from '../http2/exchange.ts';
import { ANSWER_HEADERS, errorOf, fail, GZIP_HEADERS, OK_TRAILERS, withRequestId } from './answer.ts';
import type { CallHead } from './call-head.ts';
import { callTimer } from './deadline.ts';
import { compressed, decompressed } from './gzip.ts';
import { type Framed, framed, type MessageLimits, MessageReader } from './message-reader.ts';
import { GrpcCode, GrpcError } from './status.ts';

export interface UnaryOptions extends MessageLimits {
  readonly rpc: Pick<BinaryRpc, 'call'>;
  readonly logger: Logger;
  /** Compressed messages have to wait for theirs. */
  readonly decompressions: FairTurns;
}

/** An answer that is smaller goes out as it is: compressing it takes longer than sending it. */
const COMPRESS_FROM_BYTES = 4096;

/** One call of a method: one message comes, and one goes back. */
export class UnaryCall implements Receiver {
  readonly #exchange: Exchange;
  readonly #method: UnaryMethod;
  readonly #head: CallHead;
  readonly #remote: string;
  readonly #options: UnaryOptions;
  readonly #reader: MessageReader;
  readonly #deadline: NodeJS.Timeout | undefined;
  #message: Framed | undefined;
  #isRunning = false;

  constructor(exchange: Exchange, method: UnaryMethod, head: CallHead, remote: string, options: UnaryOptions) {
    this.#exchange = exchange;
    this.#method = method;
    this.#head = head;
    this.#remote = remote;
    this.#options = options;
    this.#reader = new MessageReader(options, (message) => {
      if (this.#message !== undefined) throw notOneMessage();
      this.#message = message;
    });
    this.#deadline = callTimer(head, (error) => this.#fail(error));
  }

  onData(chunk: Buffer): void {
    try {
      if (this.#message !== undefined) throw notOneMessage();
      this.#reader.add(chunk);
      if (this.#message !== undefined && this.#reader.isAmidMessage) throw notOneMessage();
    } catch (error) {
      this.#fail(error);
    }
  }

  onEnd(): void {
    if (this.#reader.isAmidMessage) this.#fail(new GrpcError(GrpcCode.internal, 'the request ends amid a message'));
    else if (this.#message === undefined) this.#fail(notOneMessage());
    else this.#run(this.#message);
  }

  onLate(): void {
    this.#fail(new GrpcError(GrpcCode.deadline_exceeded, 'the request did not arrive within request_timeout_ms'));
  }

  onClose(): void {
    clearTimeout(this.#deadline);
    this.#reader.stop();
    if (!this.#isRunning) this.#reader.free();
  }

  /** A call that has begun is answered, however soon the service stops. */
  onDrain(): void {}

  #run({ compressed, bytes }: Framed): void {
    this.#isRunning = true;
    const answered = attempt(
      () => (compressed ? this.#callDecompressed(bytes) : this.#call(bytes)),
      (error) => this.#fail(error),
    );
    void whenThere(answered, () => {
      this.#isRunning = false;
      this.#reader.free();
    });
  }

  async #callDecompressed(bytes: Buffer): Promise<void> {
    const request = await this.#decompress(bytes);
    try {
      if (!this.#exchange.isAnswered) await this.#call(request);
    } finally {
      this.#options.buffered.giveBack(request.length);
    }
  }

  #call(request: Buffer): Awaitable<void> {
    const untilSent = (release: () => void) => this.#exchange.whenClosed(release);
    const answer = this.#options.rpc.call(this.#method, request, this.#remote, untilSent, this.#head.origin);
    return whenThere(answer, (message) => this.#answer(message));
  }

  #decompress(bytes: Buffer): Promise<Buffer> {
    if (!this.#head.gzip) {
      throw new GrpcError(GrpcCode.internal, 'a message is compressed, and the headers do not say how');
    }
    return this.#options.decompressions.run(this.#remote, () => {
      if (this.#exchange.isAnswered) throw gone();
      return decompressed(bytes, this.#options);
    });
  }

  #answer(message: Uint8Array): Awaitable<void> {
    if (this.#exchange.isAnswered) return undefined;
    if (!this.#exchange.reserve(message.length)) throw noRoomForAnswer();
    if (!this.#head.accepts_gzip || message.length < COMPRESS_FROM_BYTES) {
      return this.#send(ANSWER_HEADERS, { compressed: false, bytes: message });
    }
    return compressed(message).then((body) => this.#send(GZIP_HEADERS, body));
  }

  #send(headers: OutgoingHttpHeaders, body: Parameters<typeof framed>[0]): void {
    this.#exchange.answer(withRequestId(headers, this.#head.origin), framed(body), OK_TRAILERS);
  }

  #fail(error: unknown): void {
    this.#reader.stop();
    const { logger } = this.#options;
    const { origin } = this.#head;
    const fields = { method: this.#method.name, remote: this.#remote, ...loggedOrigin(origin) };
    fail(this.#exchange, errorOf(error, logger, fields), withRequestId({}, origin));
  }
}

/** The call was run: a client that takes `resource_exhausted` for one that was not must be told otherwise. */
function noRoomForAnswer(): GrpcError {
  const message = 'the answer finds no room in max_buffered_bytes; the call was run, and what it did stays done';
  return new GrpcError(GrpcCode.aborted, message);
}

/** Nobody will read it. */
function gone(): GrpcError {
  return new GrpcError(GrpcCode.deadline_exceeded, 'the call has ended before it could begin');
}

function notOneMessage(): GrpcError {
  return new GrpcError(GrpcCode.unimplemented, 'the request must be one message');
}
