import type { Message } from '@bufbuild/protobuf';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';

/**
 * Why a call came to nothing.
 *
 * - `unavailable`: no endpoint was reached, or the connection was lost.
 * - `busy`: the service has more to do than it takes, and did not begin with the call.
 * - `deadline`: the time of the call was over.
 * - `cancelled`: its signal was aborted, or the client was closed.
 * - `bad_request`: the request can't be encoded, or the service could make nothing of it.
 * - `refused`: the service answered, and its answer is a refusal.
 * - `failed`: the service has a defect that the call met.
 * - `protocol`: what came back is no answer of a Meta Service.
 */
export type ErrorKind =
  | 'unavailable'
  | 'busy'
  | 'deadline'
  | 'cancelled'
  | 'bad_request'
  | 'refused'
  | 'failed'
  | 'protocol';

/** What is known of a call that came to nothing. */
export interface CallFacts {
  /** The method or the admin operation. */
  readonly method: string;
  /** `host:port` of the last attempt, if there was one. */
  readonly endpoint?: string | undefined;
  readonly attempts: number;
  /** Whether the service may have done, now or later, what it was asked. */
  readonly maybe_executed: boolean;
}

/** A call that came to nothing. Its message and its fields hold no secret: neither the token nor those of the request. */
export class ClientError extends Error implements CallFacts {
  override readonly name: string = 'ClientError';
  readonly kind: ErrorKind;
  readonly method: string;
  readonly endpoint: string | undefined;
  readonly attempts: number;
  readonly maybe_executed: boolean;

  constructor(kind: ErrorKind, text: string, { method, endpoint, attempts, maybe_executed }: CallFacts) {
    const place = endpoint === undefined ? '' : ` at ${endpoint}`;
    super(`${method}${place}: ${text}${attempts > 1 ? ` (after ${attempts} attempts)` : ''}`);
    this.kind = kind;
    this.method = method;
    this.endpoint = endpoint;
    this.attempts = attempts;
    this.maybe_executed = maybe_executed;
  }
}

/** A method that was answered with another code than OK. */
export class ServiceError extends ClientError {
  override readonly name = 'ServiceError';
  readonly code: MetaServiceCode;
  /** What the service says, with the secrets of the request masked. */
  readonly msg: string;
  readonly #response: Message;

  constructor(code: MetaServiceCode, msg: string, response: Message, facts: CallFacts) {
    super('refused', `${MetaServiceCode[code] ?? code} ${msg}`, facts);
    this.code = code;
    this.msg = msg;
    this.#response = response;
  }

  /** The whole response, as it came. Whoever logs the error does not log the response, which may hold secrets. */
  get response(): Message {
    return this.#response;
  }
}

/** An operation of the admin API that was answered with another code than OK. */
export class AdminError extends ClientError {
  override readonly name = 'AdminError';
  /** `INVALID_ARGUMENT`, `NOT_FOUND`, `ALREADY_EXISTED` or `INTERNAL_ERROR`; `FORBIDDEN` for a wrong token. */
  readonly code: string;
  readonly msg: string;
  readonly http_status: number;

  constructor(code: string, msg: string, http_status: number, facts: CallFacts) {
    super('refused', `${code} ${msg}`, facts);
    this.code = code;
    this.msg = msg;
    this.http_status = http_status;
  }
}
