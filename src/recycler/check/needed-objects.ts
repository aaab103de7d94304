import type { RowsetMetaCloudPB } from '../../schema/gen/olap/rowset_meta_pb.ts';
import { InvertedIndexStorageFormatPB as IndexFormat } from '../../schema/gen/olap/tablet_schema_pb.ts';
import { invertedIndexesPath, invertedIndexPath, type RowsetName, segmentPath } from '../data-paths.ts';
import type { IndexFiles } from '../rowset-objects.ts';

/** No load makes so many segments; a rowset that says so is checked for the first of them. */
const MOST_SEGMENTS = 10_000n;

/**
 * The objects without which a rowset can't be read: its segments, and the inverted indexes that its schema certainly has.
 * What a rowset may have or not is left out: the indexes of variant columns, and those of schemas which don't say in which
 * format they are written.
 */
export function neededObjects(
  name: RowsetName,
  { numSegments, hasVariantTypeInSchema, schemaDictKeyList }: RowsetMetaCloudPB,
  files: IndexFiles | undefined,
): string[] {
  const hasOwnIndexes = hasVariantTypeInSchema || schemaDictKeyList !== undefined;
  const inverted = hasOwnIndexes ? [] : (files?.inverted ?? []);
  const paths: string[] = [];
  const segments = Number(numSegments < MOST_SEGMENTS ? numSegments : MOST_SEGMENTS);
  for (let segment = 0; segment < segments; segment++) {
    paths.push(segmentPath(name, segment));
    if (files?.format === IndexFormat.V1) {
      for (const index of inverted) paths.push(invertedIndexPath(name, segment, index));
    } else if (files?.format === IndexFormat.V2 && inverted.length > 0) {
      paths.push(invertedIndexesPath(name, segment));
    }
  }
  return paths;
}
