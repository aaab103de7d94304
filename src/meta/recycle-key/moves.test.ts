import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MOVES, movesOf, type RecycleCall, type RecycleState } from './moves.ts';

const calls: RecycleCall[] = ['prepare', 'commit', 'drop'];
const states: RecycleState[] = ['NONE', 'UNKNOWN', 'PREPARED', 'DROPPED', 'RECYCLING'];

/** What happens to an id in a state: the state that it moves to, the same one, undefined, or an error. */
function moved(call: RecycleCall, state: RecycleState): RecycleState | undefined | 'error' {
  try {
    const moves = movesOf(call, 'index', [1n], [state]);
    return moves && (moves.get(1n) ?? state);
  } catch {
    return 'error';
  }
}

const PAGE = readFileSync(new URL('../../../docs/indexes-and-partitions.md', import.meta.url), 'utf8');

test('the page of indexes and partitions has the moves as they are', () => {
  const rows = PAGE.split('\n').filter((line) => /^\| (call|`\w+_\*`) \|.*`?\|$/.test(line));
  const cells = rows
    .map((row) => row.slice(1, -1).split('|'))
    .map((row) => row.map((cell) => cell.replaceAll('`', '').trim()));
  const head = ['call', 'NONE', 'PREPARED', 'DROPPED', 'RECYCLING', 'UNKNOWN'] as const;
  expect(cells.find(([call]) => call === 'call')?.slice(0, head.length)).toEqual(head);
  for (const call of calls) {
    const moves = head.slice(1).map((state) => {
      const move = MOVES[call][state as RecycleState];
      if (move === state) return 'stays';
      if (move === 'REFUSED') return 'refused';
      return move === 'COMMITTED_OR_RECYCLED' ? 'committed or recycled' : `to ${move}`;
    });
    expect(cells).toContainEqual([`${call}_*`, ...moves]);
  }
});

describe('a call moves', () => {
  test.each<[RecycleCall, (RecycleState | undefined | 'error')[]]>([
    ['prepare', ['PREPARED', 'error', 'PREPARED', 'error', 'error']],
    ['commit', [undefined, 'error', 'NONE', 'error', 'error']],
    ['drop', ['DROPPED', 'error', 'DROPPED', 'DROPPED', 'RECYCLING']],
  ])('%s: none, unknown, prepared, dropped and recycling to %j', (call, expected) => {
    expect(states.map((state) => moved(call, state))).toEqual(expected);
  });

  test('nothing back from the recycler, whose ids are never used again', () => {
    for (const call of calls) expect(['REFUSED', 'RECYCLING']).toContain(MOVES[call].RECYCLING);
  });

  test('only those that do not stay where they are', () => {
    const moves = movesOf('drop', 'index', [1n, 2n, 3n, 4n], ['NONE', 'DROPPED', 'PREPARED', 'RECYCLING']);
    expect([...(moves ?? [])]).toEqual([
      [1n, 'DROPPED'],
      [3n, 'DROPPED'],
    ]);
  });

  test('an id that is given twice from where the first time has left it', () => {
    const twice: [bigint[], RecycleState[]] = [
      [1n, 1n],
      ['PREPARED', 'PREPARED'],
    ];
    expect(movesOf('prepare', 'index', ...twice)?.size).toBe(0);
    expect(movesOf('drop', 'index', ...twice)).toEqual(new Map([[1n, 'DROPPED']]));
    expect(movesOf('commit', 'index', ...twice)).toBeUndefined();
  });

  test('to the first id that decides, whatever comes after it', () => {
    expect(movesOf('commit', 'index', [1n, 2n, 3n], ['PREPARED', 'NONE', 'DROPPED'])).toBeUndefined();
    const refused = () => movesOf('commit', 'partition', [1n, 2n, 3n], ['PREPARED', 'DROPPED', 'NONE']);
    expect(refused).toThrow('invalid recycle partition state: DROPPED');
  });
});
