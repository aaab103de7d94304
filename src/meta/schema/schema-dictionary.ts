import { create, type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { FieldsToEncode } from '../../keys/key-kind.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import { readRecord, writeRecordValue } from '../../records/message-record.ts';
import { copyFields } from '../../schema/copy-fields.ts';
import type { SchemaDictKeyList } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { SchemaDictKeyListSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import {
  type ColumnPB,
  ColumnPBSchema,
  type SchemaCloudDictionary,
  SchemaCloudDictionarySchema,
  type TabletIndexPB,
  TabletIndexPBSchema,
} from '../../schema/gen/olap/tablet_schema_pb.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import type { VariantSchema } from './variant-schema.ts';

/** Where an index's dictionary stands: what variant columns brought to it, each column and each index under a number. */
export type DictionaryFields = FieldsToEncode<typeof keys.metaSchemaDictionary.shape>;

/** An index's dictionary, to be read and never changed; an empty one where nothing was brought yet. */
export async function readDictionary(txn: Transaction, fields: DictionaryFields): Promise<SchemaCloudDictionary> {
  return (await readRecord(txn, keys.metaSchemaDictionary, fields)) ?? create(SchemaCloudDictionarySchema);
}

/**
 * Enters what a rowset's schema brought and the dictionary does not have, and returns the numbers of all that it brought.
 * The same column, or index, has one number. Throws INVALID_ARGUMENT for a dictionary that would grow beyond the limits.
 */
export async function enterInDictionary(
  { txn, settings }: Call,
  fields: DictionaryFields,
  brought: VariantSchema,
  txnId: bigint,
): Promise<SchemaDictKeyList> {
  const dictionary = await readDictionary(txn, fields);
  const columns = new Numbering(dictionary.columnDict, dictionary.currentColumnDictId, encodeColumn);
  const indexes = new Numbering(dictionary.indexDict, dictionary.currentIndexDictId, encodeIndex);
  const numbers = create(SchemaDictKeyListSchema, {
    columnDictKeyList: brought.columns.map((column) => columns.numberOf(column)),
    sparseColumnDictKeyList: brought.sparseColumns.map((column) => columns.numberOf(column)),
    indexInfoDictKeyList: brought.indexes.map((index) => indexes.numberOf(index)),
  });
  if (columns.added.size === 0 && indexes.added.size === 0) return numbers;

  const grown = copyFields(dictionary);
  grown.columnDict = columns.all();
  grown.indexDict = indexes.all();
  if (columns.added.size > 0) grown.currentColumnDictId = columns.last;
  if (indexes.added.size > 0) grown.currentIndexDictId = indexes.last;
  const value = toBinary(SchemaCloudDictionarySchema, grown);
  const { schema_dict_kv_size_limit: most_bytes, schema_dict_key_count_limit: most_columns } = settings;
  if (value.length > most_bytes) {
    const limit = `reached the limited size threshold of SchemaDictKeyList ${most_bytes}`;
    throw invalid(`Failed to write dictionary for saving, txn_id=${txnId}, ${limit}`);
  }
  if (Object.keys(grown.columnDict).length > most_columns) {
    throw invalid(`Reached max column size limit ${most_columns}, txn_id=${txnId}`);
  }
  writeRecordValue(txn, keys.metaSchemaDictionary, fields, value);
  return numbers;
}

type Items<Item> = Readonly<Record<number, Item>>;

/** The numbers of a dictionary's items by their encoded form. A dictionary that is remembered is looked through once. */
const numbersOfItems = new WeakMap<object, ReadonlyMap<string, number>>();

/** The numbers of items: those that a dictionary has, and new ones in the order in which items come. */
class Numbering<Item> {
  /** The items that the dictionary did not have, by their numbers. */
  readonly added = new Map<number, Item>();
  readonly #new = new Map<string, number>();
  readonly #known: ReadonlyMap<string, number>;
  #last: bigint;

  constructor(
    private readonly items: Items<Item>,
    last: bigint,
    private readonly encode: (item: Item) => string,
  ) {
    this.#last = last;
    this.#known = numbersOfItems.get(items) ?? this.#lookThrough();
  }

  /** The highest number that was ever given. */
  get last(): bigint {
    return this.#last;
  }

  numberOf(item: Item): number {
    const encoded = this.encode(item);
    const number = this.#known.get(encoded) ?? this.#new.get(encoded);
    if (number !== undefined) return number;
    this.#last++;
    const next = Number(this.#last);
    this.#new.set(encoded, next);
    this.added.set(next, item);
    return next;
  }

  all(): Record<number, Item> {
    return { ...this.items, ...Object.fromEntries(this.added) };
  }

  #lookThrough(): ReadonlyMap<string, number> {
    const known = new Map(Object.entries(this.items).map(([number, item]) => [this.encode(item), Number(number)]));
    if (Object.isFrozen(this.items)) numbersOfItems.set(this.items, known);
    return known;
  }
}

function encodeColumn(column: ColumnPB): string {
  return encode(ColumnPBSchema, column);
}

/** The properties of an index are a map, which has no order. */
function encodeIndex(index: TabletIndexPB): string {
  const sorted = copyFields(index);
  sorted.properties = Object.fromEntries(Object.entries(index.properties).sort(([a], [b]) => (a < b ? -1 : 1)));
  return encode(TabletIndexPBSchema, sorted);
}

function encode<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return Buffer.from(toBinary(schema, message)).toString('latin1');
}
