import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { HttpAnswer } from '../../admin/http-types.ts';

const JSON_TYPE = 'application/json';
const RETRY_SOON = { 'retry-after': '1' };

/** An answer of the listener itself, in the form of the service's own. */
function refusal(status: number, code: string, msg: string, headers?: Readonly<Record<string, string>>): HttpAnswer {
  const body = JSON.stringify({ code, msg });
  return { status, contentType: JSON_TYPE, body, ...(headers === undefined ? {} : { headers }) };
}

export function bodyTooLarge(max_bytes: number): HttpAnswer {
  return refusal(
    413,
    'INVALID_ARGUMENT',
    `the body is larger than ${max_bytes} bytes, the limit set by brpc_max_body_size`,
  );
}

export const NO_ROOM: HttpAnswer = refusal(
  503,
  'INTERNAL_ERROR',
  'the requests in flight hold as many bytes as max_buffered_bytes allows, try again later',
  RETRY_SOON,
);

export const TOO_MANY_IN_FLIGHT: HttpAnswer = refusal(
  503,
  'INTERNAL_ERROR',
  'as many requests are in flight as max_requests_in_flight allows, try again later',
  RETRY_SOON,
);

export const TOO_SLOW: HttpAnswer = refusal(
  408,
  'INVALID_ARGUMENT',
  'the request did not arrive within request_timeout_ms',
);

export const EXPECTATION_FAILED: HttpAnswer = refusal(
  417,
  'INVALID_ARGUMENT',
  'the only expectation that can be met is 100-continue',
);

/** The exception's own text stays in the log, under `errorId`, since it may hold what the caller must not see. */
export function unexpectedError(errorId: string): HttpAnswer {
  return refusal(500, 'INTERNAL_ERROR', `unexpected error, the log tells more about error_id=${errorId}`);
}

/** Sends the whole answer at once, and says how many bytes its body has. With `close`, the connection ends after it. */
export function sendAnswer(response: ServerResponse, answer: HttpAnswer, close: boolean): number {
  const { body, contentType } = answer;
  const body_bytes = lengthOf(body);
  const headers = ['content-length', String(body_bytes)];
  if (contentType !== undefined) headers.push('content-type', contentType);
  if (answer.headers !== undefined)
    for (const [name, value] of Object.entries(answer.headers)) headers.push(name, value);
  if (close) headers.push('connection', 'close');
  response.writeHead(answer.status, headers);
  if (!Array.isArray(body)) {
    response.end(body);
    return body_bytes;
  }
  response.cork();
  for (const piece of body) response.write(piece);
  response.uncork();
  response.end();
  return body_bytes;
}

function lengthOf(body: HttpAnswer['body']): number {
  if (typeof body === 'string') return Buffer.byteLength(body);
  return Array.isArray(body) ? body.reduce((length, piece) => length + piece.length, 0) : body.length;
}

/** A whole HTTP response as text, for requests so broken that there is no response object for them. */
export function rawAnswer(status: number, text: string): string {
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'content-type: text/plain',
    `content-length: ${Buffer.byteLength(text)}`,
    'connection: close',
    '',
    text,
  ].join('\r\n');
}
