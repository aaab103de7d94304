import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RecentFailures } from './recent-failures.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => vi.useRealTimers());

test('a failure counts until it is too old, counted from the last time, or was made good', () => {
  const failures = new RecentFailures(1000);
  expect(failures.of('a')).toBeUndefined();
  failures.add('a', 'first');
  vi.advanceTimersByTime(999);
  expect(failures.of('a')).toMatchObject({ error: 'first' });
  failures.add('a', 'second');
  vi.advanceTimersByTime(999);
  expect(failures.of('a')).toMatchObject({ error: 'second' });
  vi.advanceTimersByTime(1);
  expect(failures.of('a')).toBeUndefined();
  failures.add('a', 'third');
  failures.remove('a');
  expect(failures.of('a')).toBeUndefined();
});

test('no more are kept than there were in the time that counts', () => {
  const failures = new RecentFailures(1000);
  for (let i = 0; i < 100; i++) {
    failures.add(`${i}`, i);
    failures.add('again and again', i);
    vi.advanceTimersByTime(100);
  }
  expect(failures.size).toBe(11);
  expect(failures.of('99')).toMatchObject({ error: 99 });
});
