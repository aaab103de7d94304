import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { Awaitable } from '../../awaitable.ts';
import { keys } from '../../keys/key-table.ts';
import type { Transaction } from '../../kv/store.ts';
import type { EncodedRecord } from '../../records/encoded-record.ts';
import { readRecordValue } from '../../records/message-record.ts';
import { dropEncoded, encodeField } from '../../schema/encoded-fields.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { RowsetMetaCloudPBSchema, SchemaDictKeyListSchema } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { type SchemaCloudDictionary, TabletSchemaCloudPBSchema } from '../../schema/gen/olap/tablet_schema_pb.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { putSchemaTogether } from '../schema/variant-schema.ts';
import type { ScannedRowset } from './scan-rowset.ts';

/** A rowset as it is stored. */
export type StoredRowset = EncodedRecord<ScannedRowset>;

/**
 * Completes stored rowsets of one index with what is stored apart from them. What many rowsets have in common is read,
 * put together and encoded once.
 */
export class RowsetSchemas {
  readonly #versions = new Map<number, Uint8Array>();
  /** Schemas as fields of a rowset. */
  readonly #fields = new Map<string, Uint8Array>();

  constructor(
    private readonly txn: Transaction,
    private readonly instanceId: string,
    private readonly indexId: bigint,
  ) {}

  /**
   * Finds the schemas of all rowsets: the first one that a rowset of a version kept, or else the stored one. Throws a
   * MetaError for a rowset that names no schema, or one that is not stored.
   */
  async find(rowsets: readonly StoredRowset[]): Promise<void> {
    for (const { fields } of rowsets) {
      const { tabletSchema, schemaVersion = 0 } = fields;
      if (tabletSchema && !this.#versions.has(schemaVersion)) this.#versions.set(schemaVersion, tabletSchema);
    }
    for (const { fields } of rowsets) {
      const { schemaVersion } = fields;
      if (schemaVersion === undefined) {
        throw invalid(`rowset_meta must have either schema or schema_version, ${versionsText(fields)}`);
      }
      if (this.#versions.has(schemaVersion)) continue;
      const schema = await this.#read(schemaVersion);
      if (!schema) {
        const message = `failed to get schema, schema_version=${schemaVersion}, ${versionsText(fields)}: KeyNotFound`;
        throw new MetaError(MetaServiceCode.KV_TXN_GET_ERR, message);
      }
      this.#versions.set(schemaVersion, schema);
    }
  }

  /** A rowset, encoded, with its index and its schema, filled up from `dictionary` where that is given. */
  complete({ value, fields }: StoredRowset, dictionary: SchemaCloudDictionary | undefined): Uint8Array {
    const { indexId, tabletSchema: own, schemaVersion = 0, schemaDictKeyList: numbers } = fields;
    const parts = [value];
    if (indexId !== this.indexId) parts.push(encodeField(RowsetMetaCloudPBSchema, 'index_id', this.indexId));
    if (own) parts.push(encodeField(RowsetMetaCloudPBSchema, 'schema_version', schemaVersion));
    if (numbers && dictionary) {
      // A second schema would be merged with the first one.
      if (own) parts[0] = dropEncoded(RowsetMetaCloudPBSchema, value, 'tablet_schema');
      parts.push(own ? filledSchema(own, numbers, dictionary) : this.#filledSchema(schemaVersion, numbers, dictionary));
    } else if (!own) {
      parts.push(this.#schema(schemaVersion));
    }
    return Buffer.concat(parts);
  }

  #schema(version: number): Uint8Array {
    return remembered(this.#fields, String(version), () => schemaField(this.#found(version)));
  }

  #filledSchema(version: number, numbers: Uint8Array, dictionary: SchemaCloudDictionary): Uint8Array {
    const name = `${version}/${Buffer.from(numbers).toString('latin1')}`;
    return remembered(this.#fields, name, () => filledSchema(this.#found(version), numbers, dictionary));
  }

  #found(version: number): Uint8Array {
    const schema = this.#versions.get(version);
    if (schema === undefined) throw new Error(`the schema of version ${version} was not looked for`);
    return schema;
  }

  #read(schema_version: number): Awaitable<Uint8Array | undefined> {
    const fields = { instance_id: this.instanceId, index_id: this.indexId, schema_version };
    return readRecordValue(this.txn, keys.metaSchema, fields);
  }
}

function versionsText({ startVersion, endVersion }: ScannedRowset): string {
  return `rowset_version=[${startVersion}-${endVersion}]`;
}

function schemaField(schema: Uint8Array): Uint8Array {
  return encodeField(RowsetMetaCloudPBSchema, 'tablet_schema', schema);
}

function filledSchema(schema: Uint8Array, numbers: Uint8Array, dictionary: SchemaCloudDictionary): Uint8Array {
  const declared = fromBinary(TabletSchemaCloudPBSchema, schema);
  const filled = putSchemaTogether(declared, fromBinary(SchemaDictKeyListSchema, numbers), dictionary);
  return schemaField(toBinary(TabletSchemaCloudPBSchema, filled));
}

function remembered<Value>(known: Map<string, Value>, name: string, make: () => Value): Value {
  const value = known.get(name) ?? make();
  known.set(name, value);
  return value;
}
