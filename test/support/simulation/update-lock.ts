import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../random.ts';
import { CLOUD_UNIQUE_ID, type Cluster, expectCode } from './cluster.ts';
import { indexOf, isLive, type Table, type Tablet } from './model.ts';
import { type AnswerOf, codeName } from './rpc-client.ts';

/** The lock on a table's delete bitmaps, as one of those asks for it who want to write some. */
export interface UpdateLock {
  readonly table: Table;
  /** That of a load's transaction, or one that all compactions share. */
  readonly lock_id: bigint;
  readonly initiator: bigint;
  /** For how many seconds from now it is to be held. When that is over, others may take it. */
  readonly expiration: bigint;
}

export const COMPACTION_LOCK_ID = -1n;
export const LOAD_INITIATOR = -1n;

/** So long that a run does not see the end of it. */
export const WHOLE_RUN_S = 3_600n;
/** Others may take it as soon as they like, and whoever has it takes his time. */
export const OVER_AT_ONCE_S = -1n;

const PAUSE_MS = 60;
const LONGEST_DELAY_MS = 300;

export interface Wanted {
  readonly about: string;
  /** Whose compaction states are to be answered, too. */
  readonly tablets?: readonly Tablet[];
  readonly tries: number;
}

/** Takes the lock, if need be when others have given it back. Undefined when it could not be had. */
export async function takeLock(
  cluster: Cluster,
  random: Random,
  { table, lock_id, initiator, expiration }: UpdateLock,
  { about, tablets = [], tries }: Wanted,
): Promise<AnswerOf<'get_delete_bitmap_update_lock'> | undefined> {
  for (let i = 0; i < tries; i++) {
    const live = tablets.filter(isLive);
    const { answer } = await cluster.service.insist('get_delete_bitmap_update_lock', {
      cloudUniqueId: CLOUD_UNIQUE_ID,
      tableId: table.id,
      lockId: lock_id,
      initiator,
      expiration,
      requireCompactionStats: tablets.length > 0,
      tabletIndexes: live.map(indexOf),
    });
    const gone = live.every(isLive) ? [] : ['TABLET_NOT_FOUND'];
    const said = `${about}: get_delete_bitmap_update_lock of table ${table.id}`;
    if (!expectCode(cluster, said, answer, 'OK', 'LOCK_CONFLICT', ...gone)) return undefined;
    if (codeName(answer) === 'OK') return answer;
    if (codeName(answer) === 'LOCK_CONFLICT') cluster.tally.count('lock held by others');
    await sleep(PAUSE_MS / 2 + random.int(PAUSE_MS));
  }
  cluster.tally.count('lock not had');
  return undefined;
}

/** Leaves time for others to take a lock that is over at once. */
export async function dawdle(random: Random, { expiration }: UpdateLock): Promise<void> {
  if (expiration === OVER_AT_ONCE_S) await sleep(random.int(LONGEST_DELAY_MS));
}

/** Gives the lock back without having committed. Others may have taken it before. */
export async function giveLockBack(
  cluster: Cluster,
  { table, lock_id, initiator, expiration }: UpdateLock,
  about: string,
): Promise<void> {
  const { answer, resent } = await cluster.service.insist('remove_delete_bitmap_update_lock', {
    cloudUniqueId: CLOUD_UNIQUE_ID,
    tableId: table.id,
    lockId: lock_id,
    initiator,
  });
  const lost = resent || expiration < WHOLE_RUN_S || lock_id === COMPACTION_LOCK_ID ? ['LOCK_EXPIRED'] : [];
  expectCode(cluster, `${about}: remove_delete_bitmap_update_lock of table ${table.id}`, answer, 'OK', ...lost);
}
