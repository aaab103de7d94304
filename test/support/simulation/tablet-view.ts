import type { TabletStatsPB } from '../../../src/schema/gen/cloud/tablet_stats_pb.ts';
import type { RowsetMetaCloudPB } from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import { CLOUD_UNIQUE_ID, type Cluster, expectCode } from './cluster.ts';
import { isLive, type Tablet } from './model.ts';

/** A tablet's rowsets and statistics as of one moment. */
export interface TabletView {
  readonly rowsets: readonly RowsetMetaCloudPB[];
  readonly stats: TabletStatsPB;
}

/** What a backend says that it knows already: its compaction counts and its cumulative point. */
export type Known = Pick<TabletStatsPB, 'baseCompactionCnt' | 'cumulativeCompactionCnt' | 'cumulativePoint'>;

const NOTHING: Known = { baseCompactionCnt: 0n, cumulativeCompactionCnt: 0n, cumulativePoint: 0n };
/** As an end version: all that there are. */
const NEWEST = -1n;

export interface ViewOptions {
  readonly start?: bigint;
  readonly end?: bigint;
  readonly known?: Known;
}

/** Asks for a tablet's rowsets. Undefined when the tablet was dropped, or after an answer that is a finding. */
export async function viewTablet(
  cluster: Cluster,
  about: string,
  tablet: Tablet,
  { start = 0n, end = NEWEST, known = NOTHING }: ViewOptions = {},
): Promise<TabletView | undefined> {
  const { answer } = await cluster.service.insist('get_rowset', {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    idx: { tabletId: tablet.id },
    startVersion: start,
    endVersion: end,
    baseCompactionCnt: known.baseCompactionCnt,
    cumulativeCompactionCnt: known.cumulativeCompactionCnt,
    cumulativePoint: known.cumulativePoint,
  });
  const codes = isLive(tablet) ? ['OK'] : ['OK', 'TABLET_NOT_FOUND'];
  const { stats, rowsetMeta: rowsets } = answer;
  if (!expectCode(cluster, `${about}: get_rowset of tablet ${tablet.id}`, answer, ...codes)) return undefined;
  return stats === undefined ? undefined : { rowsets, stats };
}

/** The last version of rowsets; -1 of none. */
export function newestOf(rowsets: readonly { readonly endVersion: bigint }[]): bigint {
  return rowsets.reduce((newest, { endVersion }) => (endVersion > newest ? endVersion : newest), -1n);
}
