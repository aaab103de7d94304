import { setTimeout as sleep } from 'node:timers/promises';
import type { TabletStatsPB } from '../../../src/schema/gen/cloud/tablet_stats_pb.ts';
import type { RowsetMetaCloudPB } from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import { CLOUD_UNIQUE_ID, type Cluster, expectCode } from './cluster.ts';
import { type DeleteBitmap, decodeRows } from './delete-bitmap.ts';
import { indexOf, isLive, type Model, type Tablet } from './model.ts';
import { type PlacedRow, visibleRows } from './rows.ts';
import { codeName } from './rpc-client.ts';
import { newestOf, viewTablet } from './tablet-view.ts';

/** The delete bitmaps of a rowset as far as they are known. */
interface KnownBitmaps {
  /** The last version whose bitmaps are. */
  readonly up_to: bigint;
  readonly bitmaps: readonly DeleteBitmap[];
}

/** A tablet as a backend remembers it, brought up to date by what has changed, as backends do it. */
export class RememberedTablet {
  #stats: TabletStatsPB | undefined;
  #rowsets: RowsetMetaCloudPB[] = [];
  #bitmaps = new Map<string, KnownBitmaps>();

  constructor(readonly tablet: Tablet) {}

  /** In the order of their versions. */
  get rowsets(): readonly RowsetMetaCloudPB[] {
    return this.#rowsets;
  }

  get stats(): TabletStatsPB | undefined {
    return this.#stats;
  }

  get bitmaps(): DeleteBitmap[] {
    return this.#rowsets.flatMap(({ rowsetIdV2 }) => this.#bitmaps.get(rowsetIdV2)?.bitmaps ?? []);
  }

  /** The last version of all; -1 before the first `sync`. */
  get newest(): bigint {
    return newestOf(this.#rowsets);
  }

  /** How often the tablet was compacted. */
  get compactions(): bigint {
    return (this.#stats?.baseCompactionCnt ?? 0n) + (this.#stats?.cumulativeCompactionCnt ?? 0n);
  }

  /** What a query of a version sees, where the table merges on write. */
  visibleRows({ rows }: Model, version: bigint): PlacedRow[] {
    const ids = this.#rowsets.map(({ rowsetIdV2 }) => rowsetIdV2);
    return visibleRows(rows, ids, this.bitmaps, version);
  }

  /** Asks for what is new, the rowsets first, and after a delay for their bitmaps. Returns whether there was an answer. */
  async sync(cluster: Cluster, about: string, delay_ms = 0): Promise<boolean> {
    for (;;) {
      const start = this.newest + 1n;
      const view = await viewTablet(cluster, about, this.tablet, { start, ...(this.#stats && { known: this.#stats }) });
      if (view === undefined) return false;
      for (const rowset of view.rowsets) this.#put(rowset);
      this.#stats = view.stats;
      if (!this.tablet.partition.table.merges_on_write) return true;
      await sleep(delay_ms);
      const code = await this.#syncBitmaps(cluster, about, view.stats);
      if (code !== 'ROWSETS_EXPIRED') return code === 'OK';
      cluster.tally.count('rowsets expired');
    }
  }

  /** A rowset takes the place of those that it contains. */
  #put(rowset: RowsetMetaCloudPB): void {
    const { startVersion, endVersion } = rowset;
    const kept = this.#rowsets.filter((each) => each.startVersion < startVersion || each.endVersion > endVersion);
    this.#rowsets = [...kept, rowset].sort((a, b) => Number(a.startVersion - b.startVersion));
  }

  async #syncBitmaps(cluster: Cluster, about: string, stats: TabletStatsPB): Promise<string> {
    const end = this.newest;
    const ids = this.#rowsets.map(({ rowsetIdV2 }) => rowsetIdV2);
    const { answer } = await cluster.service.insist('get_delete_bitmap', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      tabletId: this.tablet.id,
      idx: indexOf(this.tablet),
      rowsetIds: ids,
      beginVersions: ids.map((id) => (this.#bitmaps.get(id)?.up_to ?? -1n) + 1n),
      endVersions: ids.map(() => end),
      baseCompactionCnt: stats.baseCompactionCnt,
      cumulativeCompactionCnt: stats.cumulativeCompactionCnt,
      cumulativePoint: stats.cumulativePoint,
    });
    const gone = isLive(this.tablet) ? [] : ['TABLET_NOT_FOUND'];
    const said = `${about}: get_delete_bitmap of tablet ${this.tablet.id}`;
    if (!expectCode(cluster, said, answer, 'OK', 'ROWSETS_EXPIRED', ...gone)) return 'unexpected';
    if (codeName(answer) !== 'OK') return codeName(answer);
    const fresh = answer.rowsetIds.map((rowset_id, i) => ({
      rowset_id,
      segment: answer.segmentIds[i] ?? 0,
      version: answer.versions[i] ?? 0n,
      rows: decodeRows(answer.segmentDeleteBitmaps[i] ?? new Uint8Array()),
    }));
    const known = ids.map((id) => {
      const bitmaps = [...(this.#bitmaps.get(id)?.bitmaps ?? []), ...fresh.filter(({ rowset_id }) => rowset_id === id)];
      return [id, { up_to: end, bitmaps }] as const;
    });
    this.#bitmaps = new Map(known);
    return 'OK';
  }
}
