import type { RowsetMetaCloudPB } from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import type { DeleteBitmap, DeletedRow } from './delete-bitmap.ts';
import type { Model } from './model.ts';
import type { RememberedTablet } from './remembered-tablet.ts';
import { placeName, type Segments, visibleRows } from './rows.ts';

/** What a compaction makes of rowsets of a table that merges on write. */
export interface MergedRows {
  /** What is visible of them as of their last version. */
  readonly segments: Segments;
  /** Which rows of the output later versions delete, given the bitmaps of the inputs. */
  deletedOf(output_id: string, bitmaps: readonly DeleteBitmap[]): DeletedRow[];
}

/** Merges rowsets of a tablet. Undefined where its table does not merge on write. */
export function mergedRows(
  { rows }: Model,
  { tablet, bitmaps }: Pick<RememberedTablet, 'tablet' | 'bitmaps'>,
  inputs: readonly Pick<RowsetMetaCloudPB, 'rowsetIdV2' | 'endVersion'>[],
): MergedRows | undefined {
  if (!tablet.partition.table.merges_on_write) return undefined;
  const end = inputs.at(-1)?.endVersion ?? 0n;
  const ids = inputs.map(({ rowsetIdV2 }) => rowsetIdV2);
  const visible = visibleRows(rows, ids, bitmaps, end).sort((a, b) => a.key - b.key);
  const places = new Map(visible.map((row, i) => [placeName(row), i]));
  return {
    segments: visible.length === 0 ? [] : [visible.map(({ key, value }) => ({ key, value }))],
    deletedOf: (rowset_id, later) =>
      later.flatMap((bitmap) =>
        bitmap.rows.flatMap((number) => {
          const row = places.get(placeName({ ...bitmap, row: number }));
          return row === undefined || bitmap.version <= end
            ? []
            : [{ rowset_id, segment: 0, row, version: bitmap.version }];
        }),
      ),
  };
}
