import type { RowsetMetaCloudPB, SchemaDictKeyList } from '../../schema/gen/olap/rowset_meta_pb.ts';
import type { TabletSchemaCloudPB } from '../../schema/gen/olap/tablet_schema_pb.ts';
import type { Call } from '../call.ts';
import { type DictionaryFields, enterInDictionary } from '../schema/schema-dictionary.ts';
import { takeSchemaApart } from '../schema/variant-schema.ts';

/** A schema as users declared it, and the numbers of what the values of a rowset's variant columns brought on top. */
export interface DeclaredSchema {
  readonly schema: TabletSchemaCloudPB;
  readonly numbers?: SchemaDictKeyList;
}

/**
 * The declared part of a rowset's schema. The rest is entered in the dictionary of the index, unless the backend has seen
 * to that: then its rowset names the numbers.
 */
export async function declaredSchema(
  call: Call,
  dictionary: DictionaryFields,
  schema: TabletSchemaCloudPB,
  { hasVariantTypeInSchema, schemaDictKeyList, txnId }: RowsetMetaCloudPB,
): Promise<DeclaredSchema> {
  if (!hasVariantTypeInSchema || schemaDictKeyList) return { schema };
  const parts = takeSchemaApart(schema);
  return { schema: parts.declared, numbers: await enterInDictionary(call, dictionary, parts, txnId) };
}
