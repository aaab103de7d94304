import { HEADER_BYTES, writeHeader } from './frame-header.ts';
import { tagOf, WireType } from './meta-reader.ts';
import type { RequestMeta } from './request-meta.ts';

/** Which call an answer belongs to, and the id that goes back with it. */
export type Correlation = Pick<RequestMeta, 'correlation_low' | 'correlation_high' | 'request_id'>;

/** The fields of `RpcMeta` that an answer has. */
const RESPONSE = tagOf(2, WireType.Delimited);
const COMPRESS_TYPE = tagOf(3, WireType.Varint);
const CORRELATION_ID = tagOf(4, WireType.Varint);
const USER_FIELDS = tagOf(9, WireType.Delimited);
/** Those of `RpcResponseMeta`, which is the field RESPONSE. */
const ERROR_CODE = tagOf(1, WireType.Varint);
const ERROR_TEXT = tagOf(2, WireType.Delimited);

/** What the meta of a call with an answer begins with: error code 0. */
const NO_ERROR = Buffer.of(RESPONSE, 2, ERROR_CODE, 0);
/** What it ends with: a message that is not compressed, and the correlation id, whose number follows. */
const NOT_COMPRESSED = Buffer.of(COMPRESS_TYPE, 0, CORRELATION_ID);

const MOST_VARINT_BYTES = 10;
const MOST_HEAD_BYTES = HEADER_BYTES + NO_ERROR.length + NOT_COMPRESSED.length + MOST_VARINT_BYTES;
/** A larger message is not copied. */
const SMALL_BYTES = 16 * 1024;

/** The bytes that answer a call with an encoded message, in one piece, or in two where the message is large. */
export function answerFrames(correlation: Correlation, message: Uint8Array): readonly Buffer[] {
  const isSmall = message.length <= SMALL_BYTES;
  const frame = Buffer.allocUnsafe(mostHeadBytes(correlation) + (isSmall ? message.length : 0));
  frame.set(NO_ERROR, HEADER_BYTES);
  const end = writeHead(frame, HEADER_BYTES + NO_ERROR.length, correlation, message.length);
  if (!isSmall) return [frame.subarray(0, end), Buffer.from(message.buffer, message.byteOffset, message.byteLength)];
  frame.set(message, end);
  return [frame.subarray(0, end + message.length)];
}

/** The bytes that tell the caller why its call has no answer. `code` is one of brpc's. */
export function refusalFrame(correlation: Correlation, code: number, text: string): Buffer {
  const text_bytes = Buffer.byteLength(text);
  const error = Buffer.allocUnsafe(2 * (1 + MOST_VARINT_BYTES) + text_bytes);
  error[0] = ERROR_CODE;
  let end = writeVarint(error, 1, code, 0);
  error[end] = ERROR_TEXT;
  end = writeVarint(error, end + 1, text_bytes, 0);
  end += error.write(text, end);

  const frame = Buffer.allocUnsafe(mostHeadBytes(correlation) + MOST_VARINT_BYTES + end);
  frame[HEADER_BYTES] = RESPONSE;
  const at = writeVarint(frame, HEADER_BYTES + 1, end, 0);
  error.copy(frame, at, 0, end);
  return frame.subarray(0, writeHead(frame, at + end, correlation, 0));
}

/** Writes the end of the meta at `at`, and the header before it. Returns where the message begins. */
function writeHead(frame: Buffer, at: number, correlation: Correlation, message_bytes: number): number {
  frame.set(NOT_COMPRESSED, at);
  const { correlation_low, correlation_high, request_id } = correlation;
  let end = writeVarint(frame, at + NOT_COMPRESSED.length, correlation_low, correlation_high);
  if (request_id !== undefined) end = writeRequestId(frame, end, request_id);
  const meta_bytes = end - HEADER_BYTES;
  writeHeader(frame, { meta_bytes, body_bytes: meta_bytes + message_bytes });
  return end;
}

/** As the header of HTTP is called. */
const REQUEST_ID = Buffer.from('x-request-id');
/** The fields of an entry of a map. */
const ENTRY_KEY = tagOf(1, WireType.Delimited);
const ENTRY_VALUE = tagOf(2, WireType.Delimited);
const MOST_ENTRY_BYTES = 4 * (1 + MOST_VARINT_BYTES) + REQUEST_ID.length;

function mostHeadBytes({ request_id }: Correlation): number {
  return MOST_HEAD_BYTES + (request_id === undefined ? 0 : MOST_ENTRY_BYTES + request_id.length);
}

/** Writes a caller's id as a user field, which brpc's callers find in the answer. Its signs are of one byte each. */
function writeRequestId(frame: Buffer, at: number, request_id: string): number {
  const value = Buffer.allocUnsafe(MOST_VARINT_BYTES + request_id.length);
  const value_bytes = writeVarint(value, 0, request_id.length, 0);
  value.write(request_id, value_bytes, 'latin1');
  const value_end = value_bytes + request_id.length;
  frame[at] = USER_FIELDS;
  let end = writeVarint(frame, at + 1, 2 + 1 + REQUEST_ID.length + value_end, 0);
  frame[end++] = ENTRY_KEY;
  frame[end++] = REQUEST_ID.length;
  end += REQUEST_ID.copy(frame, end);
  frame[end++] = ENTRY_VALUE;
  return end + value.copy(frame, end, 0, value_end);
}

const VARINT_BITS = 7;
const MORE_BYTES = 0x80;

/** Writes a number of 64 bits, given in two halves, at `at`, and returns where it ends. */
function writeVarint(bytes: Buffer, at: number, low: number, high: number): number {
  let end = at;
  while (high !== 0 || low >= MORE_BYTES) {
    bytes[end++] = (low & (MORE_BYTES - 1)) | MORE_BYTES;
    low = ((low >>> VARINT_BITS) | (high << (32 - VARINT_BITS))) >>> 0;
    high >>>= VARINT_BITS;
  }
  bytes[end++] = low;
  return end;
}
