import { gunzipSync } from 'node:zlib';
import type { Logger } from '../../observe/logger.ts';
import type { Exchange, Receiver } from '../http2/exchange.ts';
import { ANSWER_HEADERS, errorOf, fail, OK_TRAILERS, trailersOf } from './answer.ts';
import type { CallHead } from './call-head.ts';
import { callTimer } from './deadline.ts';
import { type Framed, framed, type MessageLimits, MessageReader } from './message-reader.ts';
import { GrpcCode, GrpcError } from './status.ts';

/** What a streaming method does in one call of it. What it throws ends the call. */
export interface StreamHandler {
  onMessage(message: Uint8Array): void;
  /** The client sends no more messages. */
  onEnd(): void;
  /** The service begins to stop. */
  onDrain(): void;
}

/** The way back to the client. */
export interface Replies {
  send(message: Uint8Array): void;
  /** Ends the call, well or with an error. */
  end(error?: GrpcError): void;
  /** Whether the service is stopping. */
  readonly isDraining: boolean;
}

/** A method by which messages go both ways as long as the call lasts: what watches over the service and describes it. */
export type StreamingMethod = (replies: Replies) => StreamHandler;

/** What these methods are asked is short. */
const LARGEST_MESSAGE_BYTES = 64 * 1024;
/** What a client may leave of its answers while it goes on to ask: many questions may come at once, and their answers are longer. */
const MOST_UNSENT_BYTES = 4 * 1024 * 1024;

export interface StreamingOptions extends MessageLimits {
  readonly logger: Logger;
}

/** One call of a streaming method. */
export class StreamingCall implements Receiver, Replies {
  readonly #exchange: Exchange;
  readonly #head: CallHead;
  readonly #logger: Logger;
  readonly #reader: MessageReader;
  readonly #handler: StreamHandler;
  readonly #deadline: NodeJS.Timeout | undefined;
  #hasBegun = false;

  constructor(
    exchange: Exchange,
    method: StreamingMethod,
    head: CallHead,
    readonly isDraining: boolean,
    { logger, buffered }: StreamingOptions,
  ) {
    this.#exchange = exchange;
    this.#head = head;
    this.#logger = logger;
    const limits = { max_body_bytes: LARGEST_MESSAGE_BYTES, buffered };
    this.#reader = new MessageReader(limits, (message) => this.#handler.onMessage(this.#contentOf(message)));
    this.#deadline = callTimer(head, (error) => this.end(error));
    this.#handler = method(this);
  }

  onData(chunk: Buffer): void {
    this.#guard(() => this.#reader.add(chunk));
    this.#reader.free();
  }

  onEnd(): void {
    this.#guard(() => {
      if (this.#reader.isAmidMessage) throw new GrpcError(GrpcCode.internal, 'the request ends amid a message');
      this.#handler.onEnd();
    });
  }

  /** These calls may last. */
  onLate(): void {}

  onDrain(): void {
    this.#guard(() => this.#handler.onDrain());
  }

  onClose(): void {
    clearTimeout(this.#deadline);
    this.#reader.stop();
    this.#reader.free();
  }

  send(message: Uint8Array): void {
    if (!this.#hasBegun) this.#exchange.begin(ANSWER_HEADERS);
    this.#hasBegun = true;
    if (this.#exchange.unsent_bytes > MOST_UNSENT_BYTES) throw notTaken();
    for (const piece of framed({ compressed: false, bytes: message })) this.#exchange.write(piece);
  }

  end(error?: GrpcError): void {
    if (error === undefined && !this.#hasBegun) this.#exchange.begin(ANSWER_HEADERS);
    else if (error !== undefined && !this.#hasBegun) fail(this.#exchange, error);
    this.#exchange.finish(error === undefined ? OK_TRAILERS : trailersOf(error));
  }

  #contentOf({ compressed, bytes }: Framed): Uint8Array {
    if (!compressed) return bytes;
    if (!this.#head.gzip)
      throw new GrpcError(GrpcCode.internal, 'a message is compressed, and the headers do not say how');
    try {
      return gunzipSync(bytes, { maxOutputLength: LARGEST_MESSAGE_BYTES });
    } catch {
      throw new GrpcError(
        GrpcCode.internal,
        'a message says that it is compressed with gzip, and is not, or is too large',
      );
    }
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.end(errorOf(error, this.#logger, {}));
    }
  }
}

function notTaken(): GrpcError {
  return new GrpcError(GrpcCode.resource_exhausted, 'too many answers of the call have not been taken yet');
}
