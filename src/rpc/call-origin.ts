/** What a caller says of a call beside its request, whichever protocol carries it. All of it was checked, and is short. */
export interface CallOrigin {
  /** By which the caller knows the call. It stands in the log, and goes back with the answer. */
  readonly request_id?: string | undefined;
  /** The trace that the call is part of. */
  readonly trace?: TraceParent | undefined;
}

/** A span of a trace, by the W3C's recommendation Trace Context. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly trace_id: string;
  /** 16 of them. */
  readonly span_id: string;
  /** Whether the caller records its part. */
  readonly sampled: boolean;
}

const TRACE_PARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;

/** The content of a header `traceparent`, or undefined where it is none. */
export function readTraceParent(text: string | undefined): TraceParent | undefined {
  const [, trace_id, span_id, flags] = TRACE_PARENT.exec(text ?? '') ?? [];
  if (trace_id === undefined || span_id === undefined || flags === undefined) return undefined;
  return { trace_id, span_id, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

/** Signs that stand for themselves wherever an id may be shown, and no more of them than any scheme of ids needs. */
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** A caller's id of a call, or undefined where it gives none, or one that is too long or has other signs. */
export function readRequestId(text: string | undefined): string | undefined {
  return text !== undefined && REQUEST_ID.test(text) ? text : undefined;
}

const NOTHING: CallOrigin = {};

/** What headers say, of HTTP or gRPC. */
export function originOf(headers: Readonly<Record<string, string | string[] | undefined>>): CallOrigin {
  const id = headers['x-request-id'];
  const parent = headers.traceparent;
  if (id === undefined && parent === undefined) return NOTHING;
  const single = (value: string | string[] | undefined) => (typeof value === 'string' ? value : undefined);
  return { request_id: readRequestId(single(id)), trace: readTraceParent(single(parent)) };
}

/** The id as a field of a line of the log, if there is one. */
export function loggedOrigin({ request_id }: CallOrigin): { readonly request_id?: string } {
  return request_id === undefined ? {} : { request_id };
}
