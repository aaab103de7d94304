import type { DecodedFields, KeyKind, KeyRange } from '../../keys/key-kind.ts';
import type { KeyValue, Transaction } from '../../kv/store.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { type MessageAt, type MessageKeyShape, recordFromValue } from '../../records/message-record.ts';
import { hexOf } from '../record-of-pair.ts';
import { scanInPages } from '../scan-in-pages.ts';
import { type CheckContext, type CheckResults, noteUnchecked } from './check-report.ts';

const PAIRS_A_PAGE = 200;

type Pair = Pick<KeyValue, 'key'>;

/** Some pairs at one snapshot, so that nothing which changes meanwhile looks like a contradiction. */
export interface MetaPage {
  readonly txn: Transaction;
  readonly instance_id: string;
  readonly pairs: readonly KeyValue[];
  readonly addWrong: (pair: Pair, why: string) => void;
  readonly addUnreadable: (pair: Pair, error: unknown) => void;
}

/** A record of a page that can be read. */
export interface PageRecord<Shape extends MessageKeyShape> {
  readonly pair: KeyValue;
  readonly fields: DecodedFields<Shape>;
  readonly record: MessageAt<Shape>;
}

/** Has `compare` look at the pairs of a range, page by page. What it finds counts once its snapshot is done with. */
export async function comparePages(
  context: CheckContext,
  results: CheckResults,
  range: KeyRange,
  compare: (page: MetaPage) => Promise<void>,
): Promise<void> {
  const { store, instance_id, signal } = context;
  for await (const seen of scanInPages(store, range, { page_pairs: PAIRS_A_PAGE })) {
    signal.throwIfAborted();
    const found = await store.transact(async (txn) => {
      const wrong: { readonly key: string; readonly why: string }[] = [];
      const unreadable: { readonly pair: Pair; readonly error: unknown }[] = [];
      const values = await txn.getMany(seen.map(({ key }) => key));
      const pairs = seen.flatMap(({ key }, i) => {
        const value = values[i];
        return value === undefined ? [] : [{ key, value }];
      });
      const addWrong = (pair: Pair, why: string) => void wrong.push({ key: hexOf(pair), why });
      const addUnreadable = (pair: Pair, error: unknown) => void unreadable.push({ pair, error });
      await compare({ txn, instance_id, pairs, addWrong, addUnreadable });
      return { wrong, unreadable };
    });
    for (const { key, why } of found.wrong) results.add({ kind: 'inconsistent', key, why });
    for (const { pair, error } of found.unreadable) noteUnchecked(context, results, hexOf(pair), error);
  }
}

/** The records of some pairs. What is none of the kind is noted. */
export function readableRecords<Shape extends MessageKeyShape>(
  page: MetaPage,
  kind: KeyKind<string, Shape>,
  pairs: readonly KeyValue[] = page.pairs,
): PageRecord<Shape>[] {
  return pairs.flatMap((pair) => {
    try {
      const fields = kind.decode(pair.key);
      if (fields === undefined) throw new MalformedValueError(kind.name, pair.key);
      return [{ pair, fields, record: recordFromValue(kind, Buffer.from(pair.key), pair.value) }];
    } catch (error) {
      page.addUnreadable(pair, error);
      return [];
    }
  });
}
