import { setTimeout as sleep } from 'node:timers/promises';
import { Actor } from '../simulation/actor.ts';
import { CLOUD_UNIQUE_ID, expectCode } from '../simulation/cluster.ts';
import { isLive } from '../simulation/model.ts';
import { pickFrom } from '../simulation/pick.ts';
import { rowset } from '../simulation/rowset.ts';

const PAUSE_MS = 50;
const LIFE_S = 4;
const MARGIN_S = 2;

/** A backend that announces rowsets, writes some of their objects, and dies: what it wrote is nobody's. */
export class Forsaker extends Actor {
  #rowsets = 0;

  async act(): Promise<void> {
    await sleep(PAUSE_MS);
    const { model, service, storage, tally } = this.cluster;
    const tablet = pickFrom(this.random, model.tablets().filter(isLive));
    if (tablet === undefined || storage === undefined) return;
    const segments = BigInt(this.random.int(4));
    const sized = { dataDiskSize: segments, numRows: segments, numSegments: segments };
    const forsaken = rowset(tablet, BigInt(this.random.int(1000)), `${this.name}-${this.#rowsets++}`, sized);
    const rowsetMeta = { ...storage.placed(forsaken), txnExpiration: BigInt(Math.floor(Date.now() / 1000) + LIFE_S) };
    const request = { cloudUniqueId: CLOUD_UNIQUE_ID, temporary: true, txnId: rowsetMeta.txnId ?? 0n, rowsetMeta };
    const { answer } = await service.insist('prepare_rowset', request);
    if (!expectCode(this.cluster, `${this.name}: prepare_rowset`, answer, 'OK')) return;
    // Who has no time left writes nothing any more.
    if (Date.now() / 1000 + MARGIN_S > Number(rowsetMeta.txnExpiration)) return;
    storage.write(rowsetMeta);
    tally.count('rowset forsaken');
  }
}
