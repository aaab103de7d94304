import { expect, test } from 'vitest';
import { soundAudit } from '../support/dump/bank.ts';
import { dumpABank } from '../support/dump/dump-a-bank.ts';

test('a store that is dumped while others write to it is restored as one state of it', async () => {
  const bank = { accounts: 500, others: 60_000 };
  const { audit, dumped, restored, meanwhile } = await dumpABank(bank, 100);
  expect(meanwhile).toBeGreaterThan(0);
  expect(audit).toEqual(soundAudit(bank, audit.lines, audit.last_version));
  // A version of the store is a transfer, or several, once it has been filled: so the last one is in it, and none after it.
  expect(audit.last_version).toBe(BigInt(String(dumped.version)));
  expect(restored).toMatchObject({ pairs: audit.pairs, dump: { id: dumped.id } });
});
