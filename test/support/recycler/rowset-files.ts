/**
 * Where backends put the objects of rowsets, as Doris's own readers look for them, and told here once more, so that no test
 * takes it from what is tested.
 */

/** An inverted index of a table: in the first format each has a file of its own. */
export interface IndexOfTable {
  readonly format: 'v1' | 'v2' | 'none';
  readonly index_ids: readonly bigint[];
}

export const NO_INDEX: IndexOfTable = { format: 'none', index_ids: [] };

export interface WrittenFiles {
  readonly tablet_id: bigint;
  readonly rowset_id: string;
  readonly segments: number;
}

/** The keys of the objects of a rowset, below the prefix of its vault. */
export function rowsetFiles({ tablet_id, rowset_id, segments }: WrittenFiles, index = NO_INDEX): string[] {
  return Array.from({ length: segments }, (_, i) => segmentFiles(`data/${tablet_id}/${rowset_id}_${i}`, index)).flat();
}

function segmentFiles(segment: string, { format, index_ids }: IndexOfTable): string[] {
  switch (format) {
    case 'none':
      return [`${segment}.dat`];
    case 'v1':
      return [`${segment}.dat`, ...index_ids.map((id) => `${segment}_${id}.idx`)];
    case 'v2':
      return [`${segment}.dat`, `${segment}.idx`];
  }
}
