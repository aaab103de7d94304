import type { Int64, TProtocol } from 'thrift';
import type { BackendFacts } from '../backend-row.ts';
import { MessageKind, type Thrift, Type } from './thrift.ts';

/** The method of the service `HeartbeatService`. Field numbers below are those of its messages. */
const METHOD = 'heartbeat';
/** One call a connection, so all can have the same number. */
const SEQUENCE = 1;

/** What a frontend without a cluster would say. */
const NO_CLUSTER_ID = -1;
const NO_EPOCH = 0;

const STATUS_OK = 0;
const LARGEST_PORT = 65_535;
/** The text of a backend is repeated up to this length. */
const MOST_REPEATED = 200;

/** What a backend has answered. */
export type Heartbeat =
  | { readonly kind: 'facts'; readonly facts: BackendFacts }
  | { readonly kind: 'fault'; readonly why: string };

/**
 * A call that asks a backend for its state and leaves nothing behind in it.
 *
 * A backend keeps the cluster id of the first heartbeat, and from each the master's address whenever the epoch is above the
 * last, as well as the token, its own address, its id, flags and frontends where they are given. So this has the cluster
 * id of a backend that belongs to no cluster, the address of one that has no master, the lowest epoch, and nothing else:
 * whoever has a master refuses it.
 */
export function heartbeatCall({ TBinaryProtocol, TBufferedTransport, Int64 }: Thrift): Buffer {
  let call: Buffer = Buffer.alloc(0);
  const transport = new TBufferedTransport(undefined, (bytes) => {
    call = bytes;
  });
  const output = new TBinaryProtocol(transport, true, true);
  output.writeMessageBegin(METHOD, MessageKind.call, SEQUENCE);
  output.writeFieldBegin('master_info', Type.struct, 1);
  output.writeFieldBegin('network_address', Type.struct, 1);
  output.writeFieldBegin('hostname', Type.string, 1);
  output.writeString('');
  output.writeFieldBegin('port', Type.i32, 2);
  output.writeI32(0);
  output.writeFieldStop();
  output.writeFieldBegin('cluster_id', Type.i32, 2);
  output.writeI32(NO_CLUSTER_ID);
  output.writeFieldBegin('epoch', Type.i64, 3);
  output.writeI64(new Int64(NO_EPOCH));
  output.writeFieldStop();
  output.writeFieldStop();
  output.writeMessageEnd();
  output.flush();
  return call;
}

/** Reads the answer to the call. Throws what the library throws at bytes that are none, or not all of them. */
export function readHeartbeat(input: TProtocol): Heartbeat {
  const { fname, mtype, rseqid } = input.readMessageBegin();
  // An answer without a version has the name as bytes.
  if (String(fname) !== METHOD || rseqid !== SEQUENCE) return fault('it answered another call');
  if (mtype === MessageKind.exception) return fault('it does not know the call');
  if (mtype !== MessageKind.reply) return fault('it answered what is no answer');
  const { 0: result } = readFields(input, {
    0: [
      Type.struct,
      () =>
        readFields(input, {
          1: [Type.struct, () => readStatus(input)],
          2: [Type.struct, () => readBackendInfo(input)],
        }),
    ],
  });
  return judge(result?.[1], result?.[2]);
}

interface Status {
  readonly code: number | undefined;
  readonly messages: readonly string[];
}

function judge(status: Status | undefined, facts: BackendFacts | undefined): Heartbeat {
  if (status?.code === undefined) return fault('it answered without a status');
  if (status.code !== STATUS_OK) {
    const [message = 'no reason given'] = status.messages;
    return fault(`it refuses, with status ${status.code}: ${message.slice(0, MOST_REPEATED)}`);
  }
  if (facts === undefined) return fault('it answered without saying what it is');
  const { be_port, http_port, brpc_port, fragment_num, last_fragment_update_ms } = facts;
  const portsAreRight = [be_port, http_port, brpc_port].every((port) => port >= -1 && port <= LARGEST_PORT);
  const countsAreRight = [fragment_num, last_fragment_update_ms].every((n) => Number.isSafeInteger(n) && n >= 0);
  return portsAreRight && countsAreRight ? { kind: 'facts', facts } : fault('it answered numbers that can not be');
}

function readStatus(input: TProtocol): Status {
  const { 1: code, 2: messages = [] } = readFields(input, {
    1: [Type.i32, () => input.readI32()],
    2: [Type.list, () => readTexts(input)],
  });
  return { code, messages };
}

function readTexts(input: TProtocol): readonly string[] {
  const { etype, size } = input.readListBegin();
  const texts: string[] = [];
  for (let i = 0; i < size; i++) {
    if (etype === Type.string) texts.push(input.readString());
    else input.skip(etype);
  }
  return texts;
}

/** The state of a backend, or undefined without the ports that each has. */
function readBackendInfo(input: TProtocol): BackendFacts | undefined {
  const i32 = [Type.i32, () => input.readI32()] as const;
  const i64 = [Type.i64, () => numberOf(input.readI64())] as const;
  const fields = readFields(input, { 1: i32, 2: i32, 4: i32, 1000: i64, 1001: i64 });
  const {
    1: be_port,
    2: http_port,
    4: brpc_port = -1,
    1000: fragment_num = 0,
    1001: last_fragment_update_ms = 0,
  } = fields;
  if (be_port === undefined || http_port === undefined) return undefined;
  return { be_port, http_port, brpc_port, fragment_num, last_fragment_update_ms };
}

/** Not a whole number where it is too large for one. */
function numberOf(value: Int64): number {
  return value.toNumber(false);
}

/** The type of a field, and what reads its value. */
type Field<T> = readonly [number, () => T];
type Fields = Readonly<Record<number, Field<unknown>>>;
type ValuesOf<F extends Fields> = { [Id in keyof F]?: F[Id] extends Field<infer T> ? T : never };

/** Reads the fields of a struct. Those that are not known, or have another type than they should, are passed over. */
function readFields<const F extends Fields>(input: TProtocol, fields: F): ValuesOf<F> {
  const values: Record<number, unknown> = {};
  input.readStructBegin();
  for (;;) {
    const { ftype, fid } = input.readFieldBegin();
    if (ftype === Type.stop) break;
    const [type, read] = fields[fid] ?? [];
    if (type === ftype && read !== undefined) values[fid] = read();
    else input.skip(ftype);
    input.readFieldEnd();
  }
  input.readStructEnd();
  return values as ValuesOf<F>;
}

function fault(why: string): Heartbeat {
  return { kind: 'fault', why };
}
