import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import type { HttpAnswer } from './http-types.ts';

/** The five words that an admin answer has for what happened. */
export type AdminCode = 'OK' | 'INVALID_ARGUMENT' | 'NOT_FOUND' | 'ALREADY_EXISTED' | 'INTERNAL_ERROR';

const STATUS: Readonly<Record<AdminCode, number>> = {
  OK: 200,
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  ALREADY_EXISTED: 409,
  INTERNAL_ERROR: 500,
};

/** All five. */
export const ADMIN_CODES: readonly AdminCode[] = Object.keys(STATUS) as AdminCode[];

/** The word for a code of the service. Whatever is neither the caller's fault nor about a missing thing is internal. */
export function adminCode(code: MetaServiceCode): AdminCode {
  switch (code) {
    case MetaServiceCode.OK:
      return 'OK';
    case MetaServiceCode.INVALID_ARGUMENT:
    case MetaServiceCode.PROTOBUF_PARSE_ERR:
      return 'INVALID_ARGUMENT';
    case MetaServiceCode.CLUSTER_NOT_FOUND:
      return 'NOT_FOUND';
    case MetaServiceCode.ALREADY_EXISTED:
      return 'ALREADY_EXISTED';
    default:
      return 'INTERNAL_ERROR';
  }
}

/** The HTTP status of an answer. */
export function statusOf(code: AdminCode): number {
  return STATUS[code];
}

/** `{"code", "msg"}`, and `result` when there is one, given as JSON without 64-bit numbers; indented, since people read it. */
export function jsonReply(code: AdminCode, message: string, result?: string): HttpAnswer {
  const reply = {
    code,
    msg: code === 'OK' ? '' : message,
    ...(result !== undefined && { result: JSON.parse(result) }),
  };
  return {
    status: STATUS[code],
    contentType: 'application/json',
    body: `${JSON.stringify(reply, undefined, 4)}\n`,
  };
}

export function textReply(status: number, body: string | Buffer): HttpAnswer {
  return { status, contentType: 'text/plain', body };
}
