import { Actor } from './actor.ts';
import { CLOUD_UNIQUE_ID, expectCode } from './cluster.ts';
import { coverProblem } from './cover.ts';
import { DB_ID, isLive, type Partition, type Tablet } from './model.ts';
import { pickFrom } from './pick.ts';
import { RememberedTablet } from './remembered-tablet.ts';
import { keysSeenTwice } from './rows.ts';
import { newestOf, viewTablet } from './tablet-view.ts';

const LONGEST_DELAY_MS = 150;

/** Reads versions and rowsets, as a query does: first the version of a partition, then the rowsets of its tablets. */
export class Reader extends Actor {
  readonly #remembered = new Map<bigint, RememberedTablet>();

  async act(): Promise<void> {
    const partitions = this.cluster.model.partitions().filter(({ dropped }) => !dropped);
    if (this.random.chance(0.2)) return this.#readVersions(partitions);
    const partition = pickFrom(this.random, partitions);
    const version = partition && (await this.#readVersion(partition));
    if (partition === undefined || version === undefined) return;
    const tablet = pickFrom(
      this.random,
      partition.tablets.filter((each) => each.ready && isLive(each)),
    );
    if (tablet === undefined) return;
    const read = this.random.chance(0.5) ? this.#readRemembered(tablet, version) : this.#readWhole(tablet, version);
    await read;
    this.cluster.tally.count('read');
  }

  /** The visible version of a partition; 1 before the first load. */
  async #readVersion(partition: Partition): Promise<bigint | undefined> {
    const atLeast = partition.acknowledged;
    const { answer } = await this.cluster.service.insist('get_version', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      dbId: DB_ID,
      tableId: partition.table.id,
      partitionId: partition.id,
    });
    const about = `${this.name}: get_version of partition ${partition.id}`;
    const none = atLeast === 1n ? ['VERSION_NOT_FOUND'] : [];
    if (!expectCode(this.cluster, about, answer, 'OK', ...none)) return undefined;
    return this.#note(partition, atLeast, answer.status.code === 0 ? answer.version : 1n);
  }

  async #readVersions(partitions: readonly Partition[]): Promise<void> {
    const atLeast = partitions.map(({ acknowledged }) => acknowledged);
    const { answer } = await this.cluster.service.insist('get_version', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      batchMode: true,
      dbIds: partitions.map(() => DB_ID),
      tableIds: partitions.map(({ table }) => table.id),
      partitionIds: partitions.map(({ id }) => id),
    });
    if (!expectCode(this.cluster, `${this.name}: get_version of all partitions`, answer, 'OK')) return;
    for (const [i, partition] of partitions.entries()) {
      const version = answer.versions[i] ?? -1n;
      this.#note(partition, atLeast[i] ?? 1n, version === -1n ? 1n : version);
    }
    this.cluster.tally.count('batch of versions');
  }

  #note(partition: Partition, atLeast: bigint, version: bigint): bigint {
    if (version < atLeast) {
      const said = `version ${version} after ${atLeast} had been acknowledged`;
      this.cluster.findings.add(`${this.name}: get_version of partition ${partition.id} answered ${said}`);
    }
    if (version > partition.acknowledged) partition.acknowledged = version;
    return version;
  }

  /** A backend that has forgotten everything. */
  async #readWhole(tablet: Tablet, version: bigint): Promise<void> {
    await this.#sync(new RememberedTablet(tablet), version, 'at once');
    if (!this.random.chance(0.3)) return;
    // A compaction may have merged what lies at `version` with what came after it, and this read does not see that then.
    const part = await viewTablet(this.cluster, this.name, tablet, { end: version });
    if (part !== undefined) this.#check(tablet, newestOf(part.rowsets), part.rowsets, `up to version ${version}`);
  }

  /** A backend that asks for changes only. */
  async #readRemembered(tablet: Tablet, version: bigint): Promise<void> {
    const remembered = this.#remembered.get(tablet.id) ?? new RememberedTablet(tablet);
    this.#remembered.set(tablet.id, remembered);
    await this.#sync(remembered, version, 'by its changes');
  }

  /** Reads what a tablet has more than was remembered. Where it merges on write, no key may be visible twice. */
  async #sync(remembered: RememberedTablet, version: bigint, how: string): Promise<void> {
    const { tablet } = remembered;
    const must = [...tablet.keys];
    const delay_ms = this.random.chance(0.2) ? this.random.int(LONGEST_DELAY_MS) : 0;
    if (!(await remembered.sync(this.cluster, this.name, delay_ms))) return;
    this.#check(tablet, version, remembered.rowsets, how);
    if (!tablet.partition.table.merges_on_write || !isLive(tablet)) return;
    const { newest } = remembered;
    const visible = remembered.visibleRows(this.cluster.model, newest);
    const seen = new Set(visible.map(({ key }) => key));
    const wrong = [
      ...keysSeenTwice(visible).map((key) => `key ${key} is visible twice`),
      ...must.filter((key) => !seen.has(key)).map((key) => `key ${key} is lost`),
    ];
    const where = `${this.name}: version ${newest} of tablet ${tablet.id}, read ${how}`;
    this.cluster.findings.addAll(wrong.map((problem) => `${where}: ${problem}`));
    this.cluster.tally.count('merged rows read');
  }

  #check(
    tablet: Tablet,
    atLeast: bigint,
    rowsets: readonly { startVersion: bigint; endVersion: bigint }[],
    how: string,
  ) {
    // Whoever drops it meanwhile may have made its loads leave it out.
    if (!isLive(tablet)) return;
    const newest = newestOf(rowsets);
    const problem = coverProblem(rowsets, newest > atLeast ? newest : atLeast);
    if (problem === undefined) return;
    this.cluster.findings.add(
      `${this.name}: tablet ${tablet.id}, read ${how} after version ${atLeast} of partition ${tablet.partition.id}, ${problem}`,
    );
  }
}
