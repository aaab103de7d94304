import { expect, test } from 'vitest';
import { soundAudit } from '../../support/dump/bank.ts';
import { dumpABank } from '../../support/dump/dump-a-bank.ts';

test('five million pairs are dumped under writers, and restored as one state, each with less than 200 MiB of heap', async () => {
  const bank = { accounts: 5_000, others: 5_000_000 };
  const { audit, dumped, meanwhile } = await dumpABank(bank, 200);
  console.log(`dumped beside ${meanwhile} transfers`, dumped);
  expect(meanwhile).toBeGreaterThan(100);
  expect(audit).toEqual(soundAudit(bank, audit.lines, audit.last_version));
  expect(audit.last_version).toBe(BigInt(String(dumped.version)));
});
