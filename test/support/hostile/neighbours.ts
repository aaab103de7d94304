import { Agent, request } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { MetaService } from '../../../src/schema/gen/cloud/meta_service_pb.ts';
import { MetaServiceCode, type MetaServiceResponseStatus } from '../../../src/schema/gen/cloud/status_pb.ts';
import { BaiduStdClient } from '../baidu-std-client.ts';
import type { Target } from './probed-server.ts';

/** What the calls of the neighbours came to. */
export interface NeighbourReport {
  readonly calls: number;
  /** What failed, and why. */
  readonly failures: readonly string[];
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

/** Who calls as everybody should, on connections of its own. */
export interface Neighbours {
  /** Ends their calls and their connections. */
  leave(): Promise<NeighbourReport>;
}

/** How one of them calls: sends an encoded request, and resolves with the encoded response. Rejects when there is none. */
interface Caller {
  readonly name: string;
  call(method: string, message: Buffer): Promise<Uint8Array>;
  /** Asks how the service is, where the protocol has a way to. */
  health?(): Promise<void>;
  close(): void;
}

/** Between two calls of a neighbour. */
const PAUSE_MS = 4;
/** Whoever waits that long would wait for ever. */
const MOST_MS = 30_000;
const INSTANCE = 'neighbours';
const CLOUD_UNIQUE_ID = `1:${INSTANCE}:x`;

/** Sends calls one after the other by each protocol, two of a kind at a time, until they leave. */
export async function inviteNeighbours(target: Target): Promise<Neighbours> {
  const callers = [
    httpCaller(target),
    httpCaller(target),
    grpcCaller(target),
    grpcCaller(target),
    await baiduCaller(target),
    await baiduCaller(target),
  ];
  const times_ms: number[] = [];
  const failures: string[] = [];
  let leaving = false;
  const timed = async (name: string, call: () => Promise<void>) => {
    const began_ms = performance.now();
    try {
      await Promise.race([call(), tooLong()]);
    } catch (error) {
      failures.push(`${name}: ${error}`);
    }
    times_ms.push(performance.now() - began_ms);
  };
  const arrival = Date.now();
  const lives = callers.map(async (caller, index) => {
    for (let round = 0; !leaving; round++) {
      const label = `${arrival} ${index} ${round}`;
      await timed(`get_version by ${caller.name}`, () => getVersion(caller));
      if (round % 4 === 0) await timed(`begin_txn by ${caller.name}`, () => beginTxn(caller, label));
      const { health } = caller;
      if (health !== undefined) await timed(`health by ${caller.name}`, health);
      await sleep(PAUSE_MS);
    }
  });
  const leave = async () => {
    leaving = true;
    await Promise.all(lives);
    for (const caller of callers) caller.close();
    times_ms.sort((one, other) => one - other);
    const at = (part: number) => times_ms[Math.floor((times_ms.length - 1) * part)] ?? Number.NaN;
    return { calls: times_ms.length, failures, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) };
  };
  return { leave };
}

/** Creates what the neighbours work on. */
export async function settleNeighbours(target: Target): Promise<void> {
  const caller = httpCaller(target);
  const { create_instance } = MetaService.method;
  const vault = { hdfsInfo: { buildConf: { fsName: 'hdfs://h' } } };
  const init = { instanceId: INSTANCE, userId: 'u', name: 'n', vault };
  await expectCode(caller, create_instance, init, MetaServiceCode.OK);
  caller.close();
}

const { get_version, begin_txn } = MetaService.method;

/** Of a partition without a version. */
function getVersion(caller: Caller): Promise<void> {
  const init = { cloudUniqueId: CLOUD_UNIQUE_ID, dbId: 1n, tableId: 2n, partitionId: 3n };
  return expectCode(caller, get_version, init, MetaServiceCode.VERSION_NOT_FOUND);
}

function beginTxn(caller: Caller, label: string): Promise<void> {
  const txnInfo = { dbId: 1n, tableIds: [2n], label, timeoutMs: 600_000n };
  return expectCode(caller, begin_txn, { cloudUniqueId: CLOUD_UNIQUE_ID, txnInfo }, MetaServiceCode.OK);
}

interface Method<Input extends DescMessage> {
  readonly name: string;
  readonly input: Input;
  readonly output: DescMessage;
}

async function expectCode<Input extends DescMessage>(
  caller: Caller,
  method: Method<Input>,
  init: MessageInitShape<Input>,
  code: MetaServiceCode,
): Promise<void> {
  const answer = await caller.call(method.name, Buffer.from(toBinary(method.input, create(method.input, init))));
  const { status } = fromBinary(method.output, answer) as unknown as { status?: MetaServiceResponseStatus };
  if (status?.code !== code) throw new Error(`answered with ${status?.code}: ${status?.msg}`);
}

function tooLong(): Promise<never> {
  return sleep(MOST_MS, undefined, { ref: false }).then(() => Promise.reject(new Error(`no answer in ${MOST_MS} ms`)));
}

function httpCaller({ port, tls }: Target): Caller {
  const options = { keepAlive: true, maxSockets: 1, rejectUnauthorized: false };
  const agent = tls ? new TlsAgent(options) : new Agent(options);
  const ask = (method: string, path: string, body?: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/proto', 'content-length': body.length };
      const send = tls ? tlsRequest : request;
      const sent = send({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
        response.on('end', () => {
          const answer = Buffer.concat(parts);
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(`HTTP ${response.statusCode}: ${answer}`));
        });
      });
      sent.on('error', reject).end(body);
    });
  return {
    name: 'HTTP/1',
    call: (method, message) => ask('POST', `/MetaService/${method}`, message),
    health: () => ask('GET', '/health').then(() => undefined),
    close: () => agent.destroy(),
  };
}

function grpcCaller({ port, tls }: Target): Caller {
  const session = connectHttp2(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on('error', () => undefined);
  return {
    name: 'gRPC',
    call: (method, message) => grpcCall(session, `/doris.cloud.MetaService/${method}`, message),
    close: () => session.destroy(),
  };
}

const PREFIX_BYTES = 5;

function grpcCall(session: ClientHttp2Session, path: string, message: Buffer): Promise<Buffer> {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  return new Promise((resolve, reject) => {
    const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request(headers);
    const parts: Buffer[] = [];
    let status: unknown;
    const note = (told: Readonly<Record<string, unknown>>) => {
      status ??= told['grpc-status'] ?? undefined;
    };
    stream.on('response', note).on('trailers', note);
    stream.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
    stream.on('close', () => {
      if (status === '0') resolve(Buffer.concat(parts).subarray(PREFIX_BYTES));
      else reject(new Error(`grpc-status ${status}`));
    });
    stream.end(Buffer.concat([prefix, message]));
  });
}

async function baiduCaller({ port, tls }: Target): Promise<Caller> {
  const client = tls
    ? BaiduStdClient.over(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }))
    : await BaiduStdClient.connect(port);
  return {
    name: 'baidu_std',
    async call(method, message) {
      const { error_code, error_text, message: answer } = await client.send(method, message);
      if (error_code !== 0) throw new Error(error_text);
      return answer;
    },
    close: () => client.close(),
  };
}
