import { expect, test } from 'vitest';
import { Patience } from './patience.ts';

test('ends at its deadline, and tells everyone once', async () => {
  const patience = new Patience(5);
  const told: string[] = [];
  patience.onEnd((why) => told.push(why));
  const off = patience.onEnd(() => told.push('nobody'));
  off();
  await patience.sleep(60_000);
  expect(patience.ended).toBe('deadline');
  patience.end('cancelled');
  patience.onEnd((why) => told.push(`late ${why}`));
  expect(told).toEqual(['deadline', 'late deadline']);
  expect(patience.remaining_ms).toBe(1);
});

test('ends with its signal', () => {
  const controller = new AbortController();
  const patience = new Patience(60_000, controller.signal);
  expect(patience.ended).toBeUndefined();
  controller.abort();
  expect(patience.ended).toBe('cancelled');
  expect(new Patience(60_000, controller.signal).ended).toBe('cancelled');
});

test('no longer listens once it is disposed of', () => {
  const controller = new AbortController();
  const patience = new Patience(60_000, controller.signal);
  patience.onEnd(() => expect.unreachable());
  patience.dispose();
  controller.abort();
});

test('sleeps no longer than it is told to', async () => {
  const patience = new Patience(60_000);
  await patience.sleep(1);
  expect(patience.ended).toBeUndefined();
  patience.dispose();
});
