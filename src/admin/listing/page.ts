import type { KeyRange } from '../../keys/key-kind.ts';
import type { KeyValue, Transaction } from '../../kv/store.ts';
import { invalid } from '../../meta/meta-error.ts';
import type { HttpAnswer } from '../http-types.ts';
import type { Parameter } from '../operation.ts';
import type { Query } from '../query.ts';
import { jsonReply } from '../reply.ts';

const ENTRIES = 100;
const MOST_ENTRIES = 1000;

/** How many pairs one call looks at, at most. A call that finds less than it may answers with where to go on. */
export const MOST_LOOKED_AT = 10_000;

/** How many entries a call may answer: `limit`. Throws a MetaError for what is no such number. */
export function limitOf(query: Query): number {
  const text = query.decoded('limit');
  const limit = text === '' ? ENTRIES : Number(text);
  if (/^\d{0,4}$/.test(text) && limit >= 1 && limit <= MOST_ENTRIES) return limit;
  throw invalid(`limit must be a number from 1 to ${MOST_ENTRIES}`);
}

/** The parameters of a listing that comes in pages. */
export function pageParameters(after: string): readonly Parameter[] {
  return [
    { name: 'limit', about: `How many entries the page has, ${MOST_ENTRIES} at most.`, type: 'integer' },
    { name: 'after', about: after },
  ];
}

/** The bytes that a parameter gives in hex; undefined without one. Throws a MetaError for what is no hex. */
export function hexOf(query: Query, name: string): Buffer | undefined {
  const text = query.decoded(name);
  if (text === '') return undefined;
  if (/^([0-9a-f]{2})+$/i.test(text)) return Buffer.from(text, 'hex');
  throw invalid(`${name} must be bytes in hex`);
}

/** The values that are read for one answer, in bytes; it ends behind the pair with which they are more. */
const MOST_BYTES = 8 * 1024 * 1024;

export interface ReadPage {
  readonly pairs: readonly KeyValue[];
  /** Whether there may be more pairs behind them. */
  readonly more: boolean;
}

/** The first pairs of a range, `limit` at most, and fewer when they are large. */
export async function readPage(txn: Transaction, { begin, end }: KeyRange, limit: number): Promise<ReadPage> {
  const pairs: KeyValue[] = [];
  let bytes = 0;
  for await (const page of txn.getRange(begin, end, { limit, snapshot: true })) {
    for (const pair of page) {
      pairs.push(pair);
      bytes += pair.key.length + pair.value.length;
      if (bytes > MOST_BYTES) return { pairs, more: true };
    }
  }
  return { pairs, more: pairs.length === limit };
}

/** The least key behind this one. */
export function keyBehind(key: Uint8Array): Buffer {
  return Buffer.concat([key, Buffer.from([0])]);
}

/** `{"code", "msg", "result"}`, where `result` has the entries and, when there may be more of them, where to go on. */
export function pageReply(entries: object, next_after: string | undefined): HttpAnswer {
  return jsonReply('OK', '', JSON.stringify({ ...entries, ...(next_after !== undefined && { next_after }) }));
}
