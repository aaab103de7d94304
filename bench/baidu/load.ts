import { connect } from 'node:net';
import { type LoadResult, loadResult } from '../loads.ts';
import { eachFrame, HIGHEST_ID, idAt } from './frames.ts';

export interface LoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Calls that each connection has under way at a time. */
  readonly in_flight: number;
  readonly duration_ms: number;
  /** The bytes of a call under an id, which is at most HIGHEST_ID. */
  readonly request: (id: number) => Buffer;
  /** How many bytes every answer has. */
  readonly answer_bytes: number;
}

/**
 * Has calls under way on each connection, sends the next for each that is answered, and counts the answers. Works on raw
 * sockets, and looks at no more of an answer than its size and its id. Throws at the first answer of another size.
 */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { connections, in_flight, duration_ms, request } = options;
  if (in_flight > HIGHEST_ID) throw new Error(`a connection of this load has at most ${HIGHEST_ID} calls under way`);
  const requests = Array.from({ length: in_flight }, (_, slot) => request(slot + 1));
  const latencies_ms: number[] = [];
  const began_ms = performance.now();
  const run: Run = { ...options, requests, latencies_ms, until_ms: began_ms + duration_ms };
  await Promise.all(Array.from({ length: connections }, () => loop(run)));
  return loadResult(latencies_ms, performance.now() - began_ms);
}

interface Run extends LoadOptions {
  readonly requests: readonly Buffer[];
  readonly latencies_ms: number[];
  readonly until_ms: number;
}

function loop({ port, requests, answer_bytes, latencies_ms, until_ms }: Run): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const sent_ms = new Float64Array(HIGHEST_ID + 1);
    let rest: Buffer = Buffer.alloc(0);
    let underWay = 0;
    const send = (next: readonly Buffer[]) => {
      underWay += next.length;
      if (next.length > 0) socket.write(next.length === 1 ? (next[0] as Buffer) : Buffer.concat(next));
    };
    socket.on('error', reject);
    socket.on('connect', () => {
      sent_ms.fill(performance.now());
      send(requests);
    });
    socket.on('data', (chunk) => {
      const now_ms = performance.now();
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const next: Buffer[] = [];
      rest = eachFrame(bytes, (from, to) => {
        if (to - from !== answer_bytes)
          socket.destroy(new Error('a call of the load was answered with something else'));
        const id = bytes[idAt(bytes, from)] ?? 0;
        latencies_ms.push(now_ms - (sent_ms[id] ?? 0));
        sent_ms[id] = now_ms;
        underWay--;
        if (now_ms < until_ms) next.push(requests[id - 1] as Buffer);
      });
      send(next);
      if (underWay > 0) return;
      socket.destroy();
      resolve();
    });
  });
}
