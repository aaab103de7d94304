import { type ClientHttp2Stream, constants } from 'node:http2';
import type { Endpoint } from '../endpoints.ts';
import { Failure, failureOfStatus, textOf } from '../failure.ts';
import { impatient, type Patience } from '../patience.ts';
import type { Transport, TransportOptions, WireMethod } from '../transport.ts';
import { FrameReader, frame } from './frame.ts';
import { GrpcSession } from './grpc-session.ts';
import { failureOfGrpcStatus, type GrpcStatus, statusIn } from './status.ts';

/** The most that `grpc-timeout` has digits for. */
const LONGEST_TIMEOUT_MS = 99_999_999;

/** gRPC to one endpoint: all calls on one connection, which is opened again when it is gone. */
export class GrpcTransport implements Transport {
  readonly #endpoint: Endpoint;
  readonly #options: TransportOptions;
  #session: GrpcSession | undefined;

  constructor(endpoint: Endpoint, options: TransportOptions) {
    this.#endpoint = endpoint;
    this.#options = options;
  }

  async call(method: WireMethod, request: Uint8Array, patience: Patience): Promise<Uint8Array> {
    const session = await this.#connectedSession(patience);
    const began_at = performance.now();
    const stream = this.#open(session, method, patience);
    try {
      return await answerOn(stream, frame(request), this.#options.max_message_bytes, patience);
    } catch (error) {
      // A connection that was silent for the whole time of a call may lead nowhere, and not know it.
      if (patience.ended === 'deadline' && session.received_at < began_at) this.#leave(session);
      throw error;
    }
  }

  close(): void {
    this.#session?.destroy();
  }

  async #connectedSession(patience: Patience): Promise<GrpcSession> {
    if (!this.#session?.isUsable) this.#session = new GrpcSession(this.#endpoint, this.#options);
    const session = this.#session;
    await new Promise<void>((resolve, reject) => {
      const off = patience.onEnd((why) => reject(impatient(why, false)));
      session
        .connected()
        .then(resolve, reject)
        .finally(() => off());
    });
    if (session.isUsable) return session;
    throw new Failure('unavailable', 'the connection ended before it was used', { maybe_executed: false });
  }

  #open(session: GrpcSession, { full_service, name }: WireMethod, { remaining_ms }: Patience): ClientHttp2Stream {
    try {
      return session.open({
        ':method': 'POST',
        ':path': `/${full_service}/${name}`,
        'content-type': 'application/grpc+proto',
        te: 'trailers',
        'grpc-timeout': `${Math.min(remaining_ms, LONGEST_TIMEOUT_MS)}m`,
        'user-agent': 'grpc-node-nereus',
      });
    } catch (error) {
      this.#leave(session);
      throw new Failure('unavailable', error instanceof Error ? textOf(error) : 'no stream', { maybe_executed: false });
    }
  }

  #leave(session: GrpcSession): void {
    session.retire();
    if (this.#session === session) this.#session = undefined;
  }
}

/** What has come on a stream. */
interface Received {
  http_status?: number | undefined;
  status?: GrpcStatus | undefined;
  /** What the stream broke with. */
  error?: Error;
}

/** Sends a message and resolves with the one that comes back. */
function answerOn(
  stream: ClientHttp2Stream,
  framed: Buffer,
  max_bytes: number,
  patience: Patience,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const reader = new FrameReader(max_bytes);
    const received: Received = {};
    const fail = (failure: unknown) => {
      reject(failure);
      stream.close(constants.NGHTTP2_CANCEL);
    };
    stream.on('response', (headers) => {
      received.http_status = headers[':status'];
      received.status = statusIn(headers);
    });
    stream.on('trailers', (trailers) => {
      received.status ??= statusIn(trailers);
    });
    stream.on('data', (part: Buffer) => {
      try {
        reader.add(part);
      } catch (failure) {
        fail(failure);
      }
    });
    stream.on('error', (error) => {
      received.error = error;
    });
    const off = patience.onEnd((why) => fail(impatient(why, true)));
    stream.on('close', () => {
      off();
      try {
        if (received.status?.code !== 0 || reader.isEmpty) throw failureOf(stream, received);
        resolve(reader.message());
      } catch (failure) {
        reject(failure);
      }
    });
    stream.end(framed);
  });
}

function failureOf(stream: ClientHttp2Stream, { http_status, status, error }: Received): Failure {
  if (status) return failureOfGrpcStatus(status);
  if (http_status !== undefined && http_status !== 200) return failureOfStatus(http_status, '');
  // A connection that breaks ends its streams with a code, and may do so without an error.
  const ended = error === undefined && stream.rstCode === constants.NGHTTP2_NO_ERROR;
  if (http_status !== undefined && ended)
    return new Failure('protocol', 'the answer has no grpc-status', { maybe_executed: true });
  // Streams beyond the last one that a GOAWAY lets through are refused as well. One without an id was never sent.
  const refused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM || stream.id === undefined;
  const text = refused ? 'the service takes no more calls on this connection' : textOf(error ?? new Error('no answer'));
  return new Failure('unavailable', text, { maybe_executed: !refused });
}
