import { connect, type Socket } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { type RpcMeta, RpcMetaSchema } from '../../src/schema/gen/brpc/baidu_rpc_meta_pb.ts';
import { snappyBlock } from './snappy-block.ts';

/** A method as a client knows it. */
export interface ClientMethod<Request extends DescMessage, Response extends DescMessage> {
  readonly name: string;
  readonly request: Request;
  readonly response: Response;
}

export type Compression = 'none' | 'snappy' | 'gzip' | 'zlib';

export interface CallOptions {
  /** `MetaService` without it. */
  readonly service?: string;
  readonly compression?: Compression;
  readonly attachment?: Uint8Array;
  /** How long to wait. With it, the service is told. */
  readonly timeout_ms?: number;
  /** Fields of the meta that are other than they would be. */
  readonly meta?: MessageInitShape<typeof RpcMetaSchema>;
}

/** What came back for a call: its meta, and the message behind it. */
export interface Reply {
  readonly error_code: number;
  readonly error_text: string;
  readonly message: Buffer;
  readonly meta: RpcMeta;
}

/** A call to which the service answered with an error. */
export class CallError extends Error {
  override readonly name = 'CallError';

  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

const COMPRESSIONS = {
  none: { number: 0, compress: (bytes: Buffer) => bytes },
  snappy: { number: 1, compress: snappyBlock },
  gzip: { number: 2, compress: (bytes: Buffer) => gzipSync(bytes) },
  zlib: { number: 3, compress: (bytes: Buffer) => deflateSync(bytes) },
};

const HEADER_BYTES = 12;

/**
 * A client of baidu_std, by brpc's description of the protocol and with nothing of the service's own code. Calls may be many
 * at a time; each has its answer by its correlation id, in whatever order they come.
 */
export class BaiduStdClient {
  readonly #waiting = new Map<bigint, Waiting>();
  /** What has come and is no whole frame yet, and how much it takes for one. */
  #pieces: Buffer[] = [];
  #held_bytes = 0;
  #frame_bytes = HEADER_BYTES;
  /** Ids with an upper half, as those of brpc are. */
  #nextId = 0x7000_0001_0000_0001n;
  /** The correlation ids of the answers, in the order in which they came. */
  readonly answered: bigint[] = [];

  private constructor(readonly socket: Socket) {
    socket.on('data', (bytes: Buffer) => this.#onData(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the connection ended before the answer'));
      this.#waiting.clear();
    });
  }

  static connect(port: number, options: { readonly allowHalfOpen?: boolean } = {}): Promise<BaiduStdClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...options });
      socket.once('error', reject);
      socket.once('connect', () => resolve(new BaiduStdClient(socket)));
    });
  }

  /** On a connection that somebody else has made, or is making. */
  static over(socket: Socket): BaiduStdClient {
    return new BaiduStdClient(socket);
  }

  /** Calls a method with a message. Rejects with a CallError when the answer is no message. */
  async call<Request extends DescMessage, Response extends DescMessage>(
    method: ClientMethod<Request, Response>,
    request: MessageInitShape<Request>,
    options: CallOptions = {},
  ): Promise<MessageShape<Response>> {
    const bytes = toBinary(method.request, create(method.request, request));
    const { error_code, error_text, message } = await this.send(method.name, bytes, options);
    if (error_code !== 0) throw new CallError(error_code, error_text);
    return fromBinary(method.response, message);
  }

  /** Calls a method with any bytes, and resolves with what came back, be it an error. Rejects when nothing comes. */
  send(method: string, request: Uint8Array, options: CallOptions = {}): Promise<Reply> {
    const id = options.meta?.correlationId ?? this.#nextId++;
    this.socket.write(requestFrame(id, method, request, options));
    return this.replyTo(id, options.timeout_ms);
  }

  /** What comes back for a correlation id. */
  replyTo(id: bigint, timeout_ms?: number): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) reject(new Error('the connection has ended'));
      const timer = timeout_ms === undefined ? undefined : setTimeout(() => this.#giveUp(id), timeout_ms);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  /** Resolves when the connection has been closed. */
  closed(): Promise<void> {
    if (this.socket.closed) return Promise.resolve();
    return new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  close(): void {
    this.socket.destroy();
  }

  #giveUp(id: bigint): void {
    this.#waiting.get(id)?.reject(new Error('the call has timed out'));
    this.#waiting.delete(id);
  }

  #onData(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#held_bytes += bytes.length;
    // Joined when the frame is whole: of a large one each piece would be copied again with every one after it.
    if (this.#held_bytes < this.#frame_bytes) return;
    let received: Buffer = Buffer.concat(this.#pieces);
    for (let frame = cutFrame(received); frame !== undefined; frame = cutFrame(received)) {
      received = frame.rest;
      this.#onReply(frame);
    }
    this.#pieces = [received];
    this.#held_bytes = received.length;
    this.#frame_bytes = HEADER_BYTES + (received.length < HEADER_BYTES ? 0 : received.readUInt32BE(4));
  }

  #onReply({ meta, message }: ReplyFrame): void {
    this.answered.push(meta.correlationId);
    const waiting = this.#waiting.get(meta.correlationId);
    if (waiting === undefined) return;
    this.#waiting.delete(meta.correlationId);
    clearTimeout(waiting.timer);
    const { errorCode = 0, errorText = '' } = meta.response ?? {};
    waiting.resolve({ error_code: errorCode, error_text: errorText, message, meta });
  }
}

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

/** The bytes of a call. */
export function requestFrame(
  correlationId: bigint,
  method: string,
  request: Uint8Array,
  { service = 'MetaService', compression = 'none', attachment, timeout_ms, meta }: CallOptions = {},
): Buffer {
  const { number, compress } = COMPRESSIONS[compression];
  const message = compress(Buffer.from(request));
  const request_meta = {
    serviceName: service,
    methodName: method,
    ...(timeout_ms !== undefined && { timeoutMs: timeout_ms }),
  };
  const whole = create(RpcMetaSchema, {
    request: request_meta,
    correlationId,
    ...(number !== 0 && { compressType: number }),
    ...(attachment !== undefined && { attachmentSize: attachment.length }),
    ...(meta as object),
  });
  return frameOf(toBinary(RpcMetaSchema, whole), Buffer.concat([message, attachment ?? Buffer.alloc(0)]));
}

/** A frame of any bytes. */
export function frameOf(meta: Uint8Array, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('PRPC', 'latin1');
  header.writeUInt32BE(meta.length + payload.length, 4);
  header.writeUInt32BE(meta.length, 8);
  return Buffer.concat([header, meta, payload]);
}

interface ReplyFrame {
  readonly meta: RpcMeta;
  readonly message: Buffer;
  readonly rest: Buffer;
}

/** The first frame of some bytes, or undefined when it isn't whole. */
export function cutFrame(bytes: Buffer): ReplyFrame | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  if (bytes.toString('latin1', 0, 4) !== 'PRPC') throw new Error('an answer is no frame');
  const end = HEADER_BYTES + bytes.readUInt32BE(4);
  const messageAt = HEADER_BYTES + bytes.readUInt32BE(8);
  if (bytes.length < end) return undefined;
  const meta = fromBinary(RpcMetaSchema, bytes.subarray(HEADER_BYTES, messageAt));
  return { meta, message: bytes.subarray(messageAt, end), rest: bytes.subarray(end) };
}
