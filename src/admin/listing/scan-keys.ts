import { decodeKey } from '../../keys/decode-key.ts';
import type { KeyKind, KeyRange } from '../../keys/key-kind.ts';
import { readLeading } from '../../keys/key-types.ts';
import type { KeyValue } from '../../kv/store.ts';
import { invalid } from '../../meta/meta-error.ts';
import type { HttpAnswer } from '../http-types.ts';
import type { Query } from '../query.ts';
import type { AdminCall } from '../route.ts';
import { hexOf, keyBehind, limitOf, pageReply, readPage } from './page.ts';

/** Behind every key that there can be. */
const BEHIND_ALL = Buffer.alloc(1, 0xff);

/**
 * `scan_keys`: the keys that begin with the bytes `prefix`, given in hex, or with the first parameters of a `key_type`, or
 * all keys: what each says, and how long its value is, which is not told. They come in pages of `limit`, and the next one
 * begins behind the key `after`.
 */
export async function scanKeys({ query, runner }: AdminCall): Promise<HttpAnswer> {
  const { begin, end } = rangeOf(query);
  const after = hexOf(query, 'after');
  const from = after === undefined || Buffer.compare(after, begin) < 0 ? begin : keyBehind(after);
  const limit = limitOf(query);
  if (Buffer.compare(from, end) >= 0) return pageReply({ keys: [] }, undefined);
  const { pairs, more } = await runner.read('scan_keys', ({ txn }) => readPage(txn, { begin: from, end }, limit));
  const last = pairs.at(-1);
  const next = more && last !== undefined ? Buffer.from(last.key).toString('hex') : undefined;
  return pageReply({ keys: pairs.map(shownKey) }, next);
}

function rangeOf(query: Query): KeyRange {
  const prefix = hexOf(query, 'prefix');
  const name = query.decoded('key_type');
  if (prefix !== undefined && name !== '') throw invalid('prefix and key_type exclude each other');
  if (name !== '') {
    const read = readLeading(name, (parameter) => query.decoded(parameter));
    if ('problem' in read) throw invalid(read.problem);
    // The fields are those of the kind, of which they are the first.
    return read.type.kind.range(read.fields as Parameters<KeyKind['range']>[0]);
  }
  return { begin: prefix ?? Buffer.alloc(0), end: prefix === undefined ? BEHIND_ALL : behindPrefix(prefix) };
}

/** The least bytes that neither begin with the prefix nor come before it. */
function behindPrefix(prefix: Buffer): Buffer {
  const kept = prefix.subarray(0, prefix.findLastIndex((byte) => byte < 0xff) + 1);
  if (kept.length === 0) return BEHIND_ALL;
  const behind = Buffer.from(kept);
  behind[kept.length - 1] = (kept[kept.length - 1] as number) + 1;
  return behind;
}

function shownKey({ key, value }: KeyValue): object {
  const decoded = decodeKey(key);
  const shown = { key: Buffer.from(key).toString('hex'), value_bytes: value.length };
  if ('problem' in decoded) return { ...shown, unknown: decoded.problem };
  const { name: kind, fields, chunk } = decoded;
  const texts = Object.entries(fields).map(([name, value]) => [name, String(value)]);
  return { ...shown, kind, fields: Object.fromEntries(texts), ...(chunk && { chunk: chunk.number }) };
}
