import { connect, type Socket } from 'node:net';
import { type LoadResult, loadResult } from '../loads.ts';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  readonly duration_ms: number;
  /** The bytes of the next request. */
  readonly next: () => Buffer;
}

/**
 * Sends requests on keep-alive connections, each of which waits for its answer before the next, and counts the answers.
 * Works on raw sockets, so that it costs less than what it measures. Throws at the first answer that is not 200.
 */
export async function runLoad({ port, connections, duration_ms, next }: LoadOptions): Promise<LoadResult> {
  const until_ms = performance.now() + duration_ms;
  const began_ms = performance.now();
  const latencies_ms: number[] = [];
  const loops = Array.from({ length: connections }, () => loop(port, next, until_ms, latencies_ms));
  await Promise.all(loops);
  return loadResult(latencies_ms, performance.now() - began_ms);
}

function loop(port: number, next: () => Buffer, until_ms: number, latencies_ms: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const answers = new AnswerReader();
    let sent_ms = 0;
    const send = () => {
      sent_ms = performance.now();
      socket.write(next());
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      const status = answers.take(bytes);
      if (status === undefined) return;
      if (status !== 200) {
        socket.destroy();
        reject(new Error(`a request of the load was answered with ${status}`));
        return;
      }
      const now_ms = performance.now();
      latencies_ms.push(now_ms - sent_ms);
      if (now_ms < until_ms) send();
      else {
        socket.destroy();
        resolve();
      }
    });
  });
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Finds the end of each answer by its content-length. One answer is read at a time, and only its head is looked at. */
class AnswerReader {
  #head: Buffer = Buffer.alloc(0);
  #status = 0;
  /** Bytes of the body that are still to come, once the head is here. */
  #missing = -1;

  /** The status of the answer that these bytes complete, or undefined when it isn't whole yet. */
  take(bytes: Buffer): number | undefined {
    if (this.#missing >= 0) this.#missing -= bytes.length;
    else this.#readHead(bytes);
    if (this.#missing !== 0) return undefined;
    this.#missing = -1;
    return this.#status;
  }

  #readHead(bytes: Buffer): void {
    this.#head = this.#head.length === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    const headEnd = this.#head.indexOf(HEAD_END);
    if (headEnd < 0) return;
    const head = this.#head.toString('latin1', 0, headEnd);
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    this.#missing = headEnd + HEAD_END.length + length - this.#head.length;
    this.#status = Number(head.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
    this.#head = Buffer.alloc(0);
  }
}
