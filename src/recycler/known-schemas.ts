import { keys } from '../keys/key-table.ts';
import type { Store } from '../kv/store.ts';
import { readRecord } from '../records/message-record.ts';
import type { RowsetMetaCloudPB } from '../schema/gen/olap/rowset_meta_pb.ts';
import { isSet } from '../schema/presence.ts';
import { type IndexFiles, indexFilesOf } from './rowset-objects.ts';

/** From how many schemas on those that were read before are forgotten. */
const MOST_KNOWN = 2_000;

/** What the schemas of rowsets say of their files. A version of a schema never changes, so each is read once. */
export class KnownSchemas {
  readonly #known = new Map<string, IndexFiles>();

  constructor(
    private readonly store: Store,
    private readonly instance_id: string,
  ) {}

  /** That of a rowset, its own or the one that is stored apart; undefined where there is none any more. */
  async filesOf(rowset: RowsetMetaCloudPB): Promise<IndexFiles | undefined> {
    if (rowset.tabletSchema) return indexFilesOf(rowset.tabletSchema);
    if (!isSet(rowset, 'indexId') || !isSet(rowset, 'schemaVersion')) return undefined;
    const { indexId: index_id, schemaVersion: schema_version } = rowset;
    const name = `${index_id}/${schema_version}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const fields = { instance_id: this.instance_id, index_id, schema_version };
    const schema = await this.store.transact((txn) => readRecord(txn, keys.metaSchema, fields, { snapshot: true }));
    if (schema === undefined) return undefined;
    const files = indexFilesOf(schema);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(name, files);
    return files;
  }
}
