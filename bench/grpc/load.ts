import { connect, type Socket } from 'node:net';
import { type LoadResult, loadResult } from '../loads.ts';
import { FLAG, FRAME, FRAME_HEAD_BYTES, frame, PREFACE, widestWindows } from './frames.ts';
import { type GrpcRequest, RepeatedRequest } from './request.ts';

export interface GrpcLoad {
  readonly port: number;
  readonly connections: number;
  /** Calls in flight on each connection. */
  readonly streams: number;
  readonly duration_ms: number;
  readonly request: GrpcRequest;
}

/**
 * Keeps as many calls in flight as asked for, and counts the answers. Works on raw sockets, with
 * frames that are put together once, so that it costs far less than what it measures. Throws at the first call whose answer
 * has no message.
 */
export async function runGrpcLoad({ port, connections, streams, duration_ms, request }: GrpcLoad): Promise<LoadResult> {
  const began_ms = performance.now();
  const until_ms = began_ms + duration_ms;
  const loads = Array.from({ length: connections }, () => new Connection(port, request, streams, until_ms));
  const latencies_ms = (await Promise.all(loads.map((load) => load.latencies_ms))).flat();
  return loadResult(latencies_ms, performance.now() - began_ms);
}

class Connection {
  /** Of each answer, once all are here. */
  readonly latencies_ms: Promise<number[]>;
  readonly #socket: Socket;
  readonly #request: RepeatedRequest;
  readonly #until_ms: number;
  #nextStream = 1;
  #inFlight = 0;
  readonly #latencies_ms: number[] = [];
  readonly #sent_ms = new Map<number, number>();
  /** The streams whose message has come. */
  readonly #withMessage = new Set<number>();
  #rest: Buffer = Buffer.alloc(0);

  constructor(port: number, request: GrpcRequest, streams: number, until_ms: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#request = new RepeatedRequest(request);
    this.#until_ms = until_ms;
    this.#socket.on('connect', () => {
      const calls = Array.from({ length: streams }, () => this.#call());
      this.#socket.write(Buffer.concat([PREFACE, widestWindows(), ...calls]));
    });
    this.latencies_ms = new Promise((resolve, reject) => {
      this.#socket.on('error', reject);
      this.#socket.on('close', () => reject(new Error('the server ended a connection of the load')));
      this.#socket.on('data', (bytes) => {
        try {
          const replies = this.#read(bytes);
          if (replies.length > 0) this.#socket.write(Buffer.concat(replies));
        } catch (error) {
          reject(error);
        }
        if (this.#inFlight > 0) return;
        resolve(this.#latencies_ms);
        this.#socket.destroy();
      });
    });
  }

  #call(): Buffer {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    this.#inFlight++;
    this.#sent_ms.set(stream, performance.now());
    return this.#request.on(stream, stream === 1);
  }

  /** What there is to send after these bytes. */
  #read(bytes: Buffer): Buffer[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const replies: Buffer[] = [];
    const over = performance.now() >= this.#until_ms;
    let at = 0;
    while (all.length - at >= FRAME_HEAD_BYTES) {
      const end = at + FRAME_HEAD_BYTES + all.readUIntBE(at, 3);
      if (end > all.length) break;
      const reply = this.#onFrame(all.subarray(at, end), over);
      if (reply !== undefined) replies.push(reply);
      at = end;
    }
    this.#rest = all.subarray(at);
    return replies;
  }

  #onFrame(bytes: Buffer, over: boolean): Buffer | undefined {
    const type = bytes[3];
    const flags = bytes[4] ?? 0;
    const stream = bytes.readUInt32BE(5);
    if (type === FRAME.data && bytes.length > FRAME_HEAD_BYTES) this.#withMessage.add(stream);
    if (type === FRAME.rst_stream || type === FRAME.goaway) throw new Error('the server refused a call of the load');
    if (type === FRAME.settings || type === FRAME.ping) {
      if (flags & FLAG.ack) return undefined;
      const payload = type === FRAME.ping ? bytes.subarray(FRAME_HEAD_BYTES) : Buffer.alloc(0);
      return frame(type, FLAG.ack, 0, payload);
    }
    const ends = (type === FRAME.data || type === FRAME.headers) && (flags & FLAG.end_stream) !== 0;
    return ends ? this.#onAnswer(stream, over) : undefined;
  }

  #onAnswer(stream: number, over: boolean): Buffer | undefined {
    if (!this.#withMessage.delete(stream)) throw new Error('a call of the load was answered without a message');
    this.#inFlight--;
    this.#latencies_ms.push(performance.now() - (this.#sent_ms.get(stream) ?? Number.NaN));
    this.#sent_ms.delete(stream);
    return over ? undefined : this.#call();
  }
}
