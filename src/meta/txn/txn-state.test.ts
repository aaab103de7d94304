import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';
import { isFinished, stateAfter, TXN_MOVES } from './txn-state.ts';

const PAGE = join(import.meta.dirname, '../../../docs/transactions.md');

const nameOf = (status: TxnStatus) => TxnStatus[status].replace('TXN_STATUS_', '');

test('docs/transactions.md has the moves that there are', () => {
  const rows = readFileSync(PAGE, 'utf8').matchAll(/^\| `([A-Z]+)` \| `([a-z_]+)` \| .* \| `([A-Z]+)` \|$/gm);
  const documented = Array.from(rows, ([, from, move, to]) => `${from} ${move} ${to}`);
  const moves = Object.entries(TXN_MOVES).flatMap(([from, targets]) =>
    Object.entries(targets).map(([move, to]) => `${nameOf(Number(from))} ${move} ${nameOf(to)}`),
  );
  expect(documented.sort()).toEqual(moves.sort());
  expect(moves).toHaveLength(9);
});

test('nothing leads out of a finished state, and no move out of a state that there is not', () => {
  for (const [status, targets] of Object.entries(TXN_MOVES)) {
    if (isFinished({ status: Number(status) })) expect(targets).toEqual({});
  }
  expect(stateAfter(99 as TxnStatus, 'abort')).toBeUndefined();
});
