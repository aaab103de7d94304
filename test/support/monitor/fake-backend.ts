import { createRequire } from 'node:module';
import { createServer, type Server, type Socket } from 'node:net';
import type { TProtocol } from 'thrift';

// The library, and not what Nereus makes of it, so that the two are independent of each other.
const thrift: typeof import('thrift') = createRequire(import.meta.url)('thrift');
const { Type, MessageType } = thrift.Thrift;

/** What a heartbeat has said, field by field, by their numbers. */
export type MasterInfo = Readonly<Record<number, unknown>>;

/** What a backend remembers of heartbeats, as Doris' own does. */
export interface BackendMemory {
  cluster_id: number;
  master: string;
  epoch: number;
  token: string | undefined;
}

export interface BackendState {
  readonly be_port: number;
  readonly http_port: number;
  readonly brpc_port: number;
  fragment_num: number;
  last_fragment_update_ms: number;
}

export interface FakeBackendOptions {
  readonly state?: Partial<BackendState>;
  readonly memory?: Partial<BackendMemory>;
  /** The port of one that was there before. */
  readonly port?: number;
  /** Never answers what it reads. */
  readonly silent?: boolean;
  /** Writes these bytes to whoever connects, in place of a service. */
  readonly writes?: (socket: Socket) => void;
}

/** A backend as far as heartbeats go: a Thrift server that judges them by the rules of Doris, or does otherwise. */
export class FakeBackend {
  readonly heartbeats: MasterInfo[] = [];
  readonly memory: BackendMemory;
  readonly state: BackendState;
  connections = 0;
  most_connections = 0;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  private constructor({ state, memory }: FakeBackendOptions) {
    this.memory = { cluster_id: -1, master: ':0', epoch: 0, token: undefined, ...memory };
    this.state = {
      be_port: 9060,
      http_port: 8040,
      brpc_port: 8060,
      fragment_num: 0,
      last_fragment_update_ms: 0,
      ...state,
    };
  }

  static async start(options: FakeBackendOptions = {}): Promise<FakeBackend> {
    const backend = new FakeBackend(options);
    const server = options.writes ? createServer(options.writes) : backend.#serve(options.silent === true);
    backend.#server = server;
    server.on('connection', (socket: Socket) => backend.#watch(socket));
    server.on('error', () => undefined);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
    const address = server.address();
    backend.#port = typeof address === 'object' && address !== null ? address.port : 0;
    return backend;
  }

  get port(): number {
    return this.#port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  #watch(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    this.most_connections = Math.max(this.most_connections, this.#sockets.size);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #serve(silent: boolean): Server {
    const process = (input: TProtocol, output: TProtocol) => {
      const { fname, rseqid } = input.readMessageBegin();
      if (fname !== 'heartbeat') throw new Error(`there is no method ${fname}`);
      const { 1: info } = readStruct(input) as { 1: MasterInfo };
      input.readMessageEnd();
      this.heartbeats.push(info);
      if (!silent) this.#answer(output, rseqid, this.#judge(info));
    };
    const Processor = class {
      process = process;
    };
    return thrift.createServer(Processor as never, {}) as unknown as Server;
  }

  /** Why a backend refuses a heartbeat, and what it keeps of it otherwise. */
  #judge(info: MasterInfo): string | undefined {
    const { memory } = this;
    const { 1: address, 2: cluster_id, 3: epoch, 4: token } = info;
    if (memory.cluster_id === -1) memory.cluster_id = cluster_id as number;
    else if (memory.cluster_id !== cluster_id) {
      return `invalid cluster id. ignore. Record cluster id =${memory.cluster_id}`;
    }
    const { 1: host, 2: port } = address as { 1: string; 2: number };
    const isNewer = Number(epoch) > memory.epoch;
    if (memory.master !== `${host}:${port}`) {
      if (!isNewer) return `epoch is not greater than local. ignore heartbeat. local epoch: ${memory.epoch}`;
      memory.master = `${host}:${port}`;
    }
    if (isNewer) memory.epoch = Number(epoch);
    if (token !== undefined) memory.token ??= token as string;
    return undefined;
  }

  #answer(output: TProtocol, seqid: number, refusal: string | undefined): void {
    const field = (type: number, id: number, write: () => void) => {
      output.writeFieldBegin('', type, id);
      write();
      output.writeFieldEnd();
    };
    const struct = (id: number, write: () => void) =>
      field(Type.STRUCT, id, () => {
        write();
        output.writeFieldStop();
      });
    const i32 = (id: number, value: number) => field(Type.I32, id, () => output.writeI32(value));
    const i64 = (id: number, value: number) => field(Type.I64, id, () => output.writeI64(new thrift.Int64(value)));
    const text = (id: number, value: string) => field(Type.STRING, id, () => output.writeString(value));
    const { state } = this;
    output.writeMessageBegin('heartbeat', MessageType.REPLY, seqid);
    struct(0, () => {
      struct(1, () => {
        i32(1, refusal === undefined ? 0 : 6);
        if (refusal === undefined) return;
        field(Type.LIST, 2, () => {
          output.writeListBegin(Type.STRING, 1);
          output.writeString(refusal);
        });
      });
      struct(2, () => {
        i32(1, refusal === undefined ? state.be_port : 0);
        i32(2, refusal === undefined ? state.http_port : 0);
        if (refusal !== undefined) return;
        i32(3, -1);
        i32(4, state.brpc_port);
        text(5, 'doris-3.0.3');
        i64(6, 1_700_000_000_000);
        text(7, 'mix');
        field(Type.BOOL, 8, () => output.writeBool(false));
        i32(9, -1);
        i64(10, 64 * 1024 ** 3);
        i64(1000, state.fragment_num);
        i64(1001, state.last_fragment_update_ms);
      });
    });
    output.writeFieldStop();
    output.writeMessageEnd();
    output.flush();
  }
}

/** Whatever a struct has, by the numbers of its fields. */
function readStruct(input: TProtocol): Record<number, unknown> {
  const values: Record<number, unknown> = {};
  input.readStructBegin();
  for (;;) {
    const { ftype, fid } = input.readFieldBegin();
    if (ftype === Type.STOP) break;
    if (ftype === Type.STRUCT) values[fid] = readStruct(input);
    else if (ftype === Type.STRING) values[fid] = input.readString();
    else if (ftype === Type.I32) values[fid] = input.readI32();
    else if (ftype === Type.I64) values[fid] = Number(input.readI64());
    else {
      input.skip(ftype);
      values[fid] = 'something';
    }
    input.readFieldEnd();
  }
  return values;
}
