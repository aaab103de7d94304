import type { KeyRange } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import type { KeyValue, Transaction } from '../../kv/store.ts';
import { instanceFault } from '../../meta/instance/instance-fault.ts';
import { invalid } from '../../meta/meta-error.ts';
import { MalformedValueError } from '../../records/malformed-value.ts';
import { recordFromValue } from '../../records/message-record.ts';
import {
  LoadJobSourceTypePB as SourceType,
  type TxnInfoPB,
  TxnStatusPB as TxnStatus,
} from '../../schema/gen/cloud/txn_pb.ts';
import type { HttpAnswer } from '../http-types.ts';
import type { Query } from '../query.ts';
import type { AdminCall } from '../route.ts';
import { keyBehind, limitOf, MOST_LOOKED_AT, pageReply, readPage } from './page.ts';

interface Place {
  readonly db_id: bigint;
  readonly txn_id: bigint;
}

/** How many records one read has. */
const READ = 500;
const PREFIX = 'TXN_STATUS_';

/** What `status` may be besides `all`. */
export const TXN_STATUS_WORDS: readonly string[] = Object.values(TxnStatus).flatMap((one) =>
  typeof one === 'string' ? [one.replace(PREFIX, '')] : [],
);

/**
 * `list_txns`: the transactions of an instance, or of its database `db_id`, in the order of databases and ids. Without a
 * `status` those that are unfinished, with `all` every one, else those of that status. They come in pages of `limit`, and
 * the next one begins behind `after`, `DB_ID:TXN_ID`. A page may have less than its limit, or nothing, and yet a next one.
 */
export async function listTxns({ query, runner }: AdminCall): Promise<HttpAnswer> {
  const instance_id = query.decoded('instance_id');
  if (instance_id === '') throw invalid('instance_id is not given or empty');
  const db_id = query.get('db_id') === undefined ? undefined : int64Of(query.decoded('db_id'), 'db_id');
  const status = statusOf(query);
  const kind = status === undefined ? keys.txnRunning : keys.txnInfo;
  const leading = db_id === undefined ? { instance_id } : { instance_id, db_id };
  const after = placeOf(query.decoded('after'));
  const { begin, end } = kind.range(leading);
  const range: KeyRange = { begin: after ? keyBehind(kind.encode({ instance_id, ...after })) : begin, end };
  const limit = limitOf(query);
  const { found, next } = await runner.read('list_txns', async ({ txn }) => {
    const fault = await instanceFault(txn, instance_id);
    if (fault !== undefined) throw fault;
    return collectTxns(txn, range, { instance_id, status, limit });
  });
  return pageReply({ txns: found }, next && `${next.db_id}:${next.txn_id}`);
}

interface Wanted {
  readonly instance_id: string;
  /** Undefined for what is unfinished, which has keys of its own. */
  readonly status: TxnStatus | 'all' | undefined;
  readonly limit: number;
}

async function collectTxns(txn: Transaction, range: KeyRange, wanted: Wanted): Promise<Collected> {
  const found: object[] = [];
  let last: Place | undefined;
  let from = range.begin;
  for (let lookedAt = 0; lookedAt < MOST_LOOKED_AT; ) {
    const { pairs, more } = await readPage(txn, { begin: from, end: range.end }, READ);
    for (const { place, value } of await storedTxns(txn, pairs, wanted)) {
      last = place;
      const shown = value && shownTxn(place, value, wanted.status);
      if (shown !== undefined && found.push(shown) === wanted.limit) return { found, next: last };
    }
    const end = pairs.at(-1);
    if (!more || end === undefined) return { found, next: undefined };
    lookedAt += pairs.length;
    from = keyBehind(end.key);
  }
  return { found, next: last };
}

interface Collected {
  readonly found: readonly object[];
  /** Behind which there may be more. */
  readonly next: Place | undefined;
}

interface StoredTxn {
  readonly place: Place;
  /** Undefined for one that is said to be running and is not there. */
  readonly value: Uint8Array | undefined;
}

/** The transactions of these keys, which are their own or say that they run. A key that is none of ours is passed over. */
async function storedTxns(
  txn: Transaction,
  pairs: readonly KeyValue[],
  { instance_id, status }: Wanted,
): Promise<StoredTxn[]> {
  const kind = status === undefined ? keys.txnRunning : keys.txnInfo;
  const stored = pairs.flatMap(({ key, value }) => {
    const place = kind.decode(key);
    return place === undefined ? [] : [{ place, value }];
  });
  if (status !== undefined) return stored;
  const wanted = stored.map(({ place }) => keys.txnInfo.encode({ ...place, instance_id }));
  const values = await txn.getMany(wanted, { snapshot: true });
  return stored.map(({ place }, at) => ({ place, value: values[at] }));
}

/** What is told of a transaction, or undefined when it is not of the status. */
function shownTxn({ db_id, txn_id }: Place, value: Uint8Array, status: Wanted['status']): object | undefined {
  const place = { db_id: String(db_id), txn_id: String(txn_id) };
  try {
    // The key is but what an error would name.
    const info = recordFromValue(keys.txnInfo, Buffer.alloc(0), value);
    const isWanted = status === undefined || status === 'all' || info.status === status;
    return isWanted ? { ...place, ...factsOf(info) } : undefined;
  } catch (error) {
    // One that can't be read must not hide the others.
    if (error instanceof MalformedValueError) return { ...place, damaged: true };
    throw error;
  }
}

function factsOf(info: TxnInfoPB) {
  return {
    label: info.label,
    status: (TxnStatus[info.status] ?? String(info.status)).replace(PREFIX, ''),
    table_ids: info.tableIds.map(String),
    source: SourceType[info.loadJobSourceType] ?? String(info.loadJobSourceType),
    coordinator: info.coordinator?.ip ?? '',
    prepare_time_ms: String(info.prepareTime),
    timeout_ms: String(info.timeoutMs),
    finish_time_ms: String(info.finishTime),
    ...(info.reason !== '' && { reason: info.reason }),
  };
}

function statusOf(query: Query): Wanted['status'] {
  const text = query.decoded('status').toUpperCase();
  if (text === '') return undefined;
  if (text === 'ALL') return 'all';
  const status = Object.entries(TxnStatus).find(([name]) => name === text || name === PREFIX + text)?.[1];
  if (typeof status === 'number') return status;
  throw invalid(`status must be all or one of ${TXN_STATUS_WORDS.join(', ')}`);
}

function placeOf(text: string): Place | undefined {
  if (text === '') return undefined;
  const [db_id = '', txn_id = '', extra] = text.split(':');
  if (extra !== undefined) throw invalid('after must be DB_ID:TXN_ID');
  return { db_id: int64Of(db_id, 'after'), txn_id: int64Of(txn_id, 'after') };
}

function int64Of(text: string, name: string): bigint {
  const number = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
  if (number !== undefined && BigInt.asIntN(64, number) === number) return number;
  throw invalid(name === 'after' ? 'after must be DB_ID:TXN_ID' : `${name} must be a number`);
}
