import type { Failure } from '../requests.ts';
import type { Range } from './parts-backend.ts';

/** What an object without a byte has, of which no range can be asked for. */
export const EMPTY: Range = { bytes: new Uint8Array(), object_bytes: 0 };

export const WRONG_RANGE: Failure = {
  fault: 'failed',
  reason: 'it answers with another range than was asked for',
};

const RANGE_NOT_SATISFIABLE = 416;

/** Whether an answer says that there is nothing to read since the object has no bytes at all. */
export function isEmpty(offset: number, status: unknown): boolean {
  return offset === 0 && status === RANGE_NOT_SATISFIABLE;
}

/** How large the object is, as `bytes 0-99/1234` says; undefined for an answer that begins elsewhere than at `offset`. */
export function sizeFrom(content_range: string | undefined, offset: number): number | undefined {
  const [, from, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(content_range ?? '') ?? [];
  return from !== undefined && Number(from) === offset ? Number(size) : undefined;
}
