import { BaiduFront, type BaiduFrontOptions } from '../../src/net/baidu-std/baidu-front.ts';
import { ByteBudget } from '../../src/net/byte-budget.ts';
import type { Connections } from '../../src/net/connections.ts';
import { FairTurns } from '../../src/net/fair-turns.ts';
import { method } from '../../src/rpc/method.ts';
import { BeginTxnRequestSchema, BeginTxnResponseSchema } from '../../src/schema/gen/cloud/txn_pb.ts';
import { listenWith } from './listen.ts';
import { loggerTo } from './logger-to.ts';
import { deferred } from './server-http.ts';

export interface BaiduStdUnderTest {
  readonly port: number;
  readonly front: BaiduFront;
  /** What frames and requests are counted against. */
  readonly buffered: ByteBudget;
  readonly connections: Connections;
  /** The log lines so far. */
  readonly log: string[];
  stop(): Promise<void>;
}

/** What answers a call of any method, given the bytes of the request and whom to tell what is held until it was sent. */
export type AnyCall = (
  name: string,
  request: Buffer,
  untilSent: ((release: () => void) => void) | undefined,
) => Promise<Uint8Array>;

/** Listens on a free port with the front of baidu_std and `answer` alone behind it: no settings, no methods, no store. */
export async function startBaiduStd(
  answer: AnyCall,
  {
    max_buffered_bytes = 1024 * 1024,
    ...options
  }: Partial<BaiduFrontOptions> & { readonly max_buffered_bytes?: number } = {},
): Promise<BaiduStdUnderTest> {
  const log: string[] = [];
  const logger = loggerTo((line) => log.push(line));
  const buffered = new ByteBudget(max_buffered_bytes);
  const front = new BaiduFront({
    rpc: {
      find: (_, name) =>
        method({
          name,
          request: BeginTxnRequestSchema,
          response: BeginTxnResponseSchema,
          run: () => Promise.reject(new Error('nothing runs it')),
        }),
      call: ({ name }, request, _remote, untilSent) => answer(name, Buffer.from(request), untilSent),
    },
    logger,
    buffered,
    decompressions: new FairTurns(4),
    max_body_bytes: 256 * 1024,
    request_timeout_ms: 60_000,
    send_timeout_ms: 60_000,
    idle_timeout_ms: 0,
    ...options,
  });
  const { port, connections, stop } = await listenWith(front, { logger });
  return { port, front, buffered, connections, log, stop };
}

/** Answers with what was asked. */
export const echo: AnyCall = async (_, request) => request;

/** Calls that wait until the test lets them go, by the text of their request. */
export function waiting() {
  const gates = new Map<string, ReturnType<typeof deferred<Uint8Array>>>();
  const call: AnyCall = (_, request) => {
    const gate = deferred<Uint8Array>();
    gates.set(request.toString(), gate);
    return gate.promise;
  };
  const let_go = (name: string) => gates.get(name)?.resolve(Buffer.from(name));
  return { call, let_go, begun: () => [...gates.keys()] };
}
