import { copyFields } from '../../schema/copy-fields.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import type { SchemaDictKeyList } from '../../schema/gen/olap/rowset_meta_pb.ts';
import type {
  ColumnPB,
  SchemaCloudDictionary,
  TabletIndexPB,
  TabletSchemaCloudPB,
} from '../../schema/gen/olap/tablet_schema_pb.ts';
import { MetaError } from '../meta-error.ts';

const VARIANT = 'VARIANT';

/** A schema of variant columns, with what stems from the values of one rowset apart. */
export interface VariantSchema {
  /** What users declared: the same for all rowsets of a version. */
  readonly declared: TabletSchemaCloudPB;
  readonly columns: readonly ColumnPB[];
  /** Those that a backend keeps together in one, each naming the variant column that it is of. */
  readonly sparseColumns: readonly ColumnPB[];
  readonly indexes: readonly TabletIndexPB[];
}

/** Takes a schema apart. Columns that users declared have an id of 0 or more, and their indexes no suffix. */
export function takeSchemaApart(schema: TabletSchemaCloudPB): VariantSchema {
  const columns = schema.column.map(withoutSparseColumns);
  const declared = copyFields(schema);
  declared.column = columns.filter(({ uniqueId }) => uniqueId >= 0);
  declared.index = schema.index.filter(({ indexSuffixName }) => indexSuffixName === '');
  return {
    declared,
    columns: columns.filter(({ uniqueId }) => uniqueId < 0),
    sparseColumns: schema.column.flatMap(sparseColumnsOf),
    indexes: schema.index.filter(({ indexSuffixName }) => indexSuffixName !== ''),
  };
}

function withoutSparseColumns(column: ColumnPB): ColumnPB {
  return column.sparseColumns.length === 0 ? column : Object.assign(copyFields(column), { sparseColumns: [] });
}

function sparseColumnsOf({ type, uniqueId, sparseColumns }: ColumnPB): ColumnPB[] {
  if (type !== VARIANT) return [];
  return sparseColumns.map((column) => Object.assign(copyFields(column), { parentUniqueId: uniqueId }));
}

/** The schema of a rowset, from what users declared and from the dictionary's columns and indexes that the rowset names. */
export function putSchemaTogether(
  declared: TabletSchemaCloudPB,
  numbers: SchemaDictKeyList,
  dictionary: SchemaCloudDictionary,
): TabletSchemaCloudPB {
  const columnOf = (number: number) => dictionary.columnDict[number] ?? missing('column', number);
  const indexOf = (number: number) => dictionary.indexDict[number] ?? missing('index', number);
  const schema = copyFields(declared);
  schema.column = [...declared.column, ...numbers.columnDictKeyList.map(columnOf)];
  schema.index = [...declared.index, ...numbers.indexInfoDictKeyList.map(indexOf)];
  for (const number of numbers.sparseColumnDictKeyList) {
    const sparse = columnOf(number);
    const at = schema.column.findIndex(({ uniqueId }) => uniqueId === sparse.parentUniqueId);
    const parent = schema.column[at] ?? missing('parent of column', number);
    schema.column[at] = Object.assign(copyFields(parent), { sparseColumns: [...parent.sparseColumns, sparse] });
  }
  return schema;
}

function missing(what: string, number: number): never {
  throw new MetaError(MetaServiceCode.SCHEMA_DICT_NOT_FOUND, `the schema dictionary has no ${what} ${number}`);
}
