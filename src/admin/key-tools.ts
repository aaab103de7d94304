import { isNumberedAfter, splitRange } from '../keys/chunk-key.ts';
import { AFTER_ANY_TAG } from '../keys/codec.ts';
import { bytesFromHex } from '../keys/hex.ts';
import type { KeyRange } from '../keys/key-kind.ts';
import { bytesOfQuery, encodeKeyType, type KeyType, keyTypes } from '../keys/key-types.ts';
import { drawKey } from '../keys/picture.ts';
import type { KeyValue, Store, Transaction } from '../kv/store.ts';
import { StoreError } from '../kv/store-error.ts';
import type { HttpAnswer } from './http-types.ts';
import { jsonReply, textReply } from './reply.ts';
import { describeValue } from './value-text.ts';

/** The parameters of a query as they were sent: these tools never decoded percent signs. */
export interface RawQuery {
  get(name: string): string | undefined;
}

/** A tablet has five. A `key` that is but a prefix finds more, and they stop making sense with the second tablet. */
const MOST_STATISTICS_PAIRS = 64;

/** No value is larger: it was written in one transaction. What lies beyond is another key's. */
const MOST_VALUE_BYTES = 10_000_000;

/** `decode_key`: draws the `key`, given in hex; with `unicode=false`, in ASCII. */
export function decodeKeyTool(query: RawQuery): HttpAnswer {
  const digits = query.get('key') ?? '';
  if (digits === '') return jsonReply('INVALID_ARGUMENT', 'no key to decode');
  const picture = drawKey(bytesOfQuery(digits), { unicode: query.get('unicode') !== 'false' });
  return picture === undefined
    ? jsonReply('INVALID_ARGUMENT', `failed to decode key, key=${digits}`)
    : textReply(200, picture);
}

/** `encode_key`: draws the key that `key_type` and its parameters name, and writes it once more with `\x` before each byte. */
export function encodeKeyTool(query: RawQuery): HttpAnswer {
  const encoded = encodeQuery(query);
  if ('refusal' in encoded) return encoded.refusal;
  const hex = encoded.key.toString('hex');
  const picture = drawKey(Buffer.from(hex), { unicode: query.get('unicode') !== 'false' });
  if (picture === undefined) return jsonReply('INVALID_ARGUMENT', `failed to decode encoded key, key=${hex}`);
  return textReply(200, Buffer.concat([picture, Buffer.from(`${hex.replace(/../g, '\\x$&')}\n`)]));
}

/**
 * `get_value`: prints what is stored at the key that `key_type` and its parameters name. A `key` in hex takes the place
 * of the parameters; `key_type` then says how to read the value, and if it is the wrong one, the result is nonsense or 400.
 */
export async function getValueTool(store: Store, query: RawQuery): Promise<HttpAnswer> {
  const digits = query.get('key') ?? '';
  const encoded = digits === '' ? encodeQuery(query) : findType(query, bytesFromHex(bytesOfQuery(digits)));
  if ('refusal' in encoded) return encoded.refusal;
  const { type, key } = encoded;
  const pairs = await readPairs(store, rangeOfValue(type, key));
  if (pairs === undefined) return jsonReply('INTERNAL_ERROR', `failed to get kv, key=${hexOf(key)}`);
  if (type.reader !== 'tablet statistics') {
    const [first] = pairs;
    if (first === undefined) return jsonReply('INTERNAL_ERROR', `kv not found, key=${hexOf(key)}`);
    if (!isNumberedAfter(key, first.key)) return jsonReply('INTERNAL_ERROR', `failed to get kv, key=${hexOf(key)}`);
  }
  const value = describeValue(type, pairs);
  return value === undefined
    ? jsonReply('INVALID_ARGUMENT', `failed to parse value, key=${hexOf(key)}`)
    : textReply(200, value);
}

type Encoded = { readonly type: KeyType; readonly key: Buffer } | { readonly refusal: HttpAnswer };

function encodeQuery(query: RawQuery): Encoded {
  const found = findType(query, Buffer.alloc(0));
  if ('refusal' in found) return found;
  const encoded = encodeKeyType(found.type, (name) => query.get(name));
  if ('missing' in encoded)
    return { refusal: jsonReply('INVALID_ARGUMENT', `${encoded.missing} is not given or empty`) };
  return { type: found.type, key: encoded.key };
}

function findType(query: RawQuery, key: Buffer): Encoded {
  const name = query.get('key_type') ?? '';
  const type = keyTypes.get(name);
  if (type === undefined)
    return { refusal: jsonReply('INVALID_ARGUMENT', `key_type not supported: ${name === '' ? '(empty)' : name}`) };
  return { type, key };
}

interface ValueRange extends KeyRange {
  readonly limit?: number;
}

/** A tablet's statistics are read with the counters that follow them, every other value with its chunks. */
function rangeOfValue(type: KeyType, key: Buffer): ValueRange {
  if (type.reader !== 'tablet statistics') return splitRange(key);
  return { begin: key, end: Buffer.concat([key, Buffer.from([AFTER_ANY_TAG])]), limit: MOST_STATISTICS_PAIRS };
}

/** The pairs of a range, or undefined when they are more than one value can be or can't be read. */
async function readPairs(store: Store, range: ValueRange): Promise<KeyValue[] | undefined> {
  try {
    return await store.transact((txn) => collectPairs(txn, range));
  } catch (error) {
    if (error instanceof StoreError) return undefined;
    throw error;
  }
}

async function collectPairs(txn: Transaction, { begin, end, limit }: ValueRange): Promise<KeyValue[] | undefined> {
  const pairs: KeyValue[] = [];
  let bytes = 0;
  for await (const page of txn.getRange(
    begin,
    end,
    limit === undefined ? { snapshot: true } : { snapshot: true, limit },
  )) {
    for (const pair of page) {
      bytes += pair.key.length + pair.value.length;
      if (bytes > MOST_VALUE_BYTES) return undefined;
      pairs.push(pair);
    }
  }
  return pairs;
}

function hexOf(key: Buffer): string {
  return key.toString('hex');
}
