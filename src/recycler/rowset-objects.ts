import { type RowsetMetaCloudPB, RowsetStatePB as RowsetState } from '../schema/gen/olap/rowset_meta_pb.ts';
import {
  InvertedIndexStorageFormatPB as IndexFormat,
  IndexType,
  type TabletSchemaCloudPB,
} from '../schema/gen/olap/tablet_schema_pb.ts';
import { isSet } from '../schema/presence.ts';
import {
  type InvertedIndexName,
  invertedIndexesPath,
  invertedIndexPath,
  type RowsetName,
  rowsetPrefix,
  segmentPath,
} from './data-paths.ts';

/** The objects of a rowset: each by its key, or, where these can't be told, all whose keys begin alike. */
export type RowsetObjects = { readonly paths: readonly string[] } | { readonly prefix: string };

/** What of a schema says which files a segment has. */
export interface IndexFiles {
  /** Undefined where the schema does not say it. */
  readonly format: IndexFormat | undefined;
  readonly inverted: readonly InvertedIndexName[];
}

/** A rowset with more segments is looked for by its prefix, since no load makes so many. */
const MOST_SEGMENTS = 10_000n;

/** The objects of a rowset about which no more is known than what it is called. */
export function objectsByPrefix(rowset: RowsetName): RowsetObjects {
  return { prefix: rowsetPrefix(rowset) };
}

/**
 * The objects of a rowset that was written to its end. `files` is of its schema, and undefined where that is not known
 * any more.
 */
export function objectsOfRowset(
  name: RowsetName,
  rowset: RowsetMetaCloudPB,
  files: IndexFiles | undefined,
): RowsetObjects {
  const { numSegments } = rowset;
  // Backends add segments to what a partial update has written, and only then say how many there are.
  if (rowset.rowsetState === RowsetState.BEGIN_PARTIAL_UPDATE) return objectsByPrefix(name);
  if (isSet(rowset, 'numSegments') && numSegments <= 0n) return { paths: [] };
  if (!isSet(rowset, 'numSegments') || numSegments > MOST_SEGMENTS || files === undefined) return objectsByPrefix(name);
  const hasOwnIndexes = rowset.hasVariantTypeInSchema || rowset.schemaDictKeyList !== undefined;
  // The values of variant columns bring indexes that the schema does not list.
  if (hasOwnIndexes && files.format !== IndexFormat.V2) return objectsByPrefix(name);
  const paths: string[] = [];
  for (let segment = 0; segment < Number(numSegments); segment++) {
    paths.push(segmentPath(name, segment));
    if (files.format !== IndexFormat.V1 && (hasOwnIndexes || files.inverted.length > 0)) {
      paths.push(invertedIndexesPath(name, segment));
    }
    if (files.format === IndexFormat.V2) continue;
    for (const index of files.inverted) paths.push(invertedIndexPath(name, segment, index));
  }
  return { paths };
}

/** What a schema says of files. One that does not name a format may have been written in either. */
export function indexFilesOf(schema: TabletSchemaCloudPB): IndexFiles {
  return {
    format: isSet(schema, 'invertedIndexStorageFormat') ? schema.invertedIndexStorageFormat : undefined,
    inverted: schema.index
      .filter(({ indexType }) => indexType === IndexType.INVERTED)
      .map(({ indexId, indexSuffixName }) => ({ index_id: indexId, suffix: indexSuffixName })),
  };
}
