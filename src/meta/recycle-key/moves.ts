import { invalid } from '../meta-error.ts';

/** What the recycle key of an index or a partition says of it; NONE where there is no such key. */
export type RecycleState = 'NONE' | 'UNKNOWN' | 'PREPARED' | 'DROPPED' | 'RECYCLING';

/** The calls that move indexes and partitions from state to state. */
export type RecycleCall = 'prepare' | 'commit' | 'drop';

/**
 * A state that is reached, be it the same one, which leaves the key as it is; or that the call is refused; or that it was
 * committed before if it exists, and has been recycled if not.
 */
type Move = RecycleState | 'REFUSED' | 'COMMITTED_OR_RECYCLED';

/**
 * What each call makes of each state. NONE is where an index or a partition begins, where it is while it is in use, and
 * where it ends, since ids are never used again. Only the recycler moves to RECYCLING and from there to NONE.
 */
export const MOVES: Readonly<Record<RecycleCall, Readonly<Record<RecycleState, Move>>>> = {
  prepare: {
    NONE: 'PREPARED',
    PREPARED: 'PREPARED',
    DROPPED: 'REFUSED',
    RECYCLING: 'REFUSED',
    UNKNOWN: 'REFUSED',
  },
  commit: {
    NONE: 'COMMITTED_OR_RECYCLED',
    PREPARED: 'NONE',
    DROPPED: 'REFUSED',
    RECYCLING: 'REFUSED',
    UNKNOWN: 'REFUSED',
  },
  drop: {
    NONE: 'DROPPED',
    PREPARED: 'DROPPED',
    DROPPED: 'DROPPED',
    RECYCLING: 'RECYCLING',
    UNKNOWN: 'REFUSED',
  },
};

/**
 * The states that a call moves ids to, without those that stay where they are. `states` are those before, by position;
 * an id that is given twice is moved twice. Undefined when one of them was committed before or has been recycled, which
 * is for the caller to find out. Throws INVALID_ARGUMENT at the first id that is refused; `noun` is for its message.
 */
export function movesOf(
  call: RecycleCall,
  noun: string,
  ids: readonly bigint[],
  states: readonly RecycleState[],
): Map<bigint, RecycleState> | undefined {
  const moved = new Map<bigint, RecycleState>();
  for (const [position, id] of ids.entries()) {
    const state = moved.get(id) ?? states[position] ?? 'NONE';
    const move = MOVES[call][state];
    if (move === 'REFUSED') throw invalid(`invalid recycle ${noun} state: ${state}`);
    if (move === 'COMMITTED_OR_RECYCLED') return undefined;
    if (move !== state) moved.set(id, move);
  }
  return moved;
}
