import { keys } from '../../../src/keys/key-table.ts';
import type { KeyValue } from '../../../src/kv/store.ts';
import { recordFromValue } from '../../../src/records/message-record.ts';
import type { Planned } from '../../../src/recycler/progress.ts';

type Fields = Readonly<Record<string, bigint | string>>;

/** A key as its kind and its fields. */
interface Known {
  readonly kind: string;
  readonly fields: Fields;
}

export function knownKey(key: Uint8Array): Known {
  for (const [kind, each] of Object.entries(keys)) {
    const fields: Fields | undefined = each.read(key)?.fields;
    if (fields !== undefined) return { kind, fields };
  }
  throw new Error(`a key of no kind: ${hex(key)}`);
}

/**
 * What goes with a record that a plan names, as docs/recycling-data.md has it: whatever is of the same tablet, rowset, index,
 * partition, transaction or copy job.
 */
const TAKES_ALONG: Readonly<Record<string, readonly string[]>> = {
  recycleIndex: ['index_id'],
  recyclePartition: ['partition_id'],
  metaTablet: ['tablet_id'],
  recycleRowset: ['rowset_id'],
  metaRowsetTmp: ['rowset_id'],
  recycleTxn: ['txn_id', 'label'],
  txnRunning: ['txn_id', 'label'],
  copyJob: ['copy_id'],
  recycleStage: ['stage_id'],
};

/** What goes with the last index of a table, too. */
const OF_A_TABLE: ReadonlySet<string> = new Set(['tableVersion', 'partitionVersion']);

/** What a dry run says would go, to compare it with what goes. */
export class Plan {
  /** The keys that it names, in hexadecimal, and the full keys of objects. */
  readonly keys = new Set<string>();
  readonly objects = new Set<string>();
  readonly #ids = new Set<string>();
  /** Those that lose an index. */
  readonly #tables = new Set<bigint | string | undefined>();
  readonly #before: ReadonlyMap<string, KeyValue>;

  /** `before` is what was stored when the plan was made. */
  constructor(planned: readonly Planned[], before: readonly KeyValue[]) {
    this.#before = new Map(before.map((pair) => [hex(pair.key), pair]));
    for (const { what } of planned) {
      const [, prefix, key] = /\(s3:\/\/[^/]+\/([^)]*)\)\/(.*)$/.exec(what) ?? [];
      if (prefix !== undefined && key !== undefined) this.objects.add(`${prefix}/${key}`);
      else this.#addKey(what);
    }
    // The rowsets of a transaction that is aborted go with it, in the same round or the next.
    for (const key of this.#before.keys()) {
      const { kind, fields } = this.#known(key);
      if (kind === 'metaRowsetTmp' && this.explainsKey(key)) this.#ids.add(`rowset_id=${fields.rowset_id}`);
    }
  }

  /** Whether a stored pair that is gone was named, or belongs to what was. */
  explainsKey(key: string): boolean {
    if (this.keys.has(key)) return true;
    const { kind, fields } = this.#known(key);
    if (OF_A_TABLE.has(kind) && this.#tables.has(fields.table_id)) return true;
    return Object.entries(fields).some(([name, value]) => this.#ids.has(`${name}=${value}`));
  }

  /** Whether an object that is gone was named, or is of a tablet or a rowset that was. */
  explainsObject(path: string): boolean {
    if (this.objects.has(path)) return true;
    const [, tablet_id, rowset_id] = /\/data\/(\d+)\/([0-9]+)_/.exec(path) ?? [];
    return this.#ids.has(`tablet_id=${tablet_id}`) || this.#ids.has(`rowset_id=${rowset_id}`);
  }

  #addKey(key: string): void {
    this.keys.add(key);
    const { kind, fields } = this.#known(key);
    for (const name of TAKES_ALONG[kind] ?? []) if (name in fields) this.#ids.add(`${name}=${fields[name]}`);
    if (kind === 'recycleIndex') this.#tables.add(fields.table_id);
  }

  /** As `knownKey`, with those fields of the value that lead on. */
  #known(key: string): Known {
    const pair = this.#before.get(key);
    if (pair === undefined) throw new Error(`there was no key ${key}`);
    const { kind, fields } = knownKey(pair.key);
    return { kind, fields: { ...fields, ...this.#fieldsOfValue(kind, pair, fields) } };
  }

  #fieldsOfValue(kind: string, { key, value }: KeyValue, fields: Fields): Fields {
    const bytes = Buffer.from(key);
    if (kind === 'metaRowsetTmp') return { rowset_id: recordFromValue(keys.metaRowsetTmp, bytes, value).rowsetIdV2 };
    if (kind === 'recycleIndex') return { table_id: recordFromValue(keys.recycleIndex, bytes, value).tableId };
    if (kind === 'recycleTxn') return { label: recordFromValue(keys.recycleTxn, bytes, value).label };
    if (kind === 'copyFile') return { copy_id: recordFromValue(keys.copyFile, bytes, value).copyId };
    if (kind !== 'txnRunning') return {};
    // Its label stands in the record of its transaction.
    const info = [...this.#before.values()].find((pair) => {
      const found = keys.txnInfo.decode(pair.key);
      return found?.txn_id === fields.txn_id;
    });
    return info ? { label: recordFromValue(keys.txnInfo, Buffer.from(info.key), info.value).label } : {};
  }
}

/** A key as plans write it. */
export function hex(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}
