import { type CallOrigin, readRequestId } from '../../rpc/call-origin.ts';
import { MalformedMetaError, MetaReader, tagOf, WireType } from './meta-reader.ts';

/** What the meta of a request says, as far as the service looks at it. Numbers that it doesn't say are 0. */
export interface RequestMeta {
  /** Full or short. Empty, as the method, where the meta is not that of a request. */
  readonly service: string;
  readonly method: string;
  /** How long the caller waits for the answer. */
  readonly timeout_ms: number;
  readonly compress_type: number;
  /** The two halves of what the answer repeats, so that the caller knows whose answer it is. */
  readonly correlation_low: number;
  readonly correlation_high: number;
  readonly attachment_size: number;
  readonly content_type: number;
  readonly checksum_type: number;
  /** Whether the call is to begin a stream. */
  readonly has_stream: boolean;
  /** Whether the payload is one of several chunks. */
  readonly has_chunk: boolean;
  /** The id that the caller gives the call, which goes back with the answer; undefined where it gives none that can be taken. */
  readonly request_id: string | undefined;
  /** The two halves of a number by which the caller has the call in its own log. */
  readonly log_low: number;
  readonly log_high: number;
}

/** The fields of `RpcMeta` in baidu_rpc_meta.proto. */
const REQUEST = tagOf(1, WireType.Delimited);
const COMPRESS_TYPE = tagOf(3, WireType.Varint);
const CORRELATION_ID = tagOf(4, WireType.Varint);
const ATTACHMENT_SIZE = tagOf(5, WireType.Varint);
const CHUNK_INFO = tagOf(6, WireType.Delimited);
const STREAM_SETTINGS = tagOf(8, WireType.Delimited);
const CONTENT_TYPE = tagOf(10, WireType.Varint);
const CHECKSUM_TYPE = tagOf(11, WireType.Varint);

/** Those of `RpcRequestMeta`, which is the field REQUEST. */
const SERVICE_NAME = tagOf(1, WireType.Delimited);
const METHOD_NAME = tagOf(2, WireType.Delimited);
const LOG_ID = tagOf(3, WireType.Varint);
const REQUEST_ID = tagOf(7, WireType.Delimited);
const TIMEOUT_MS = tagOf(8, WireType.Varint);

/** A meta while it is being read. A name is undefined as long as it hasn't come. */
class MetaBeingRead {
  has_request = false;
  service: string | undefined = undefined;
  method: string | undefined = undefined;
  timeout_ms = 0;
  compress_type = 0;
  correlation_low = 0;
  correlation_high = 0;
  attachment_size = 0;
  content_type = 0;
  checksum_type = 0;
  has_stream = false;
  has_chunk = false;
  request_id: string | undefined = undefined;
  log_low = 0;
  log_high = 0;
}

/**
 * Reads the meta of a request, by hand, since every call has one and reading it as any message would cost more than
 * reading the request itself.
 *
 * @throws {MalformedMetaError} for bytes that are no meta, or a request in it that names no service or no method.
 */
export function readRequestMeta(bytes: Buffer): RequestMeta {
  const reader = new MetaReader(bytes);
  const meta = new MetaBeingRead();
  while (!reader.isAtEnd) readField(reader, meta);
  const { has_request, service, method } = meta;
  if (has_request && (service === undefined || method === undefined)) throw new MalformedMetaError('a name is missing');
  meta.service ??= '';
  meta.method ??= '';
  return meta as RequestMeta;
}

function readField(reader: MetaReader, meta: MetaBeingRead): void {
  const tag = reader.tag();
  switch (tag) {
    case REQUEST:
      meta.has_request = true;
      readRequest(reader, meta);
      break;
    case COMPRESS_TYPE:
      meta.compress_type = reader.int32();
      break;
    case CORRELATION_ID:
      meta.correlation_low = reader.varint();
      meta.correlation_high = reader.high;
      break;
    case ATTACHMENT_SIZE:
      meta.attachment_size = reader.int32();
      break;
    case CONTENT_TYPE:
      meta.content_type = reader.int32();
      break;
    case CHECKSUM_TYPE:
      meta.checksum_type = reader.int32();
      break;
    default:
      meta.has_chunk ||= tag === CHUNK_INFO;
      meta.has_stream ||= tag === STREAM_SETTINGS;
      reader.skip(tag);
  }
}

function readRequest(reader: MetaReader, meta: MetaBeingRead): void {
  const outer = reader.enter();
  while (!reader.isAtEnd) {
    const tag = reader.tag();
    if (tag === SERVICE_NAME) meta.service = reader.text();
    else if (tag === METHOD_NAME) meta.method = reader.text();
    else if (tag === TIMEOUT_MS) meta.timeout_ms = reader.int32();
    else if (tag === REQUEST_ID) meta.request_id = readRequestId(reader.text());
    else if (tag === LOG_ID) {
      meta.log_low = reader.varint();
      meta.log_high = reader.high;
    } else reader.skip(tag);
  }
  reader.leave(outer);
}

const NO_ORIGIN: CallOrigin = {};

/** What the caller says of the call: its id or, where it gives none, the number by which it has the call in its log. */
export function originOfMeta({ request_id, log_low, log_high }: RequestMeta): CallOrigin {
  if (request_id !== undefined) return { request_id };
  if (log_low === 0 && log_high === 0) return NO_ORIGIN;
  return { request_id: String((BigInt(log_high) << 32n) | BigInt(log_low)) };
}
