import { describe, expect, test } from 'vitest';
import { attempt, whenThere } from './awaitable.ts';

const refusal = new Error('no');

describe('whenThere', () => {
  test('goes on at once with what is there at once', () => {
    expect(whenThere(1, (value) => value + 1)).toBe(2);
  });

  test('goes on with what comes later when it is there', async () => {
    const later = whenThere(Promise.resolve(1), (value) => value + 1);
    expect(later).toBeInstanceOf(Promise);
    expect(await later).toBe(2);
  });

  test('passes on what goes wrong', async () => {
    await expect(whenThere(Promise.reject(refusal), () => 1)).rejects.toBe(refusal);
    const next = () => {
      throw refusal;
    };
    expect(() => whenThere(1, next)).toThrow(refusal);
    await expect(whenThere(Promise.resolve(1), next)).rejects.toBe(refusal);
  });
});

describe('attempt', () => {
  const failed = (error: unknown) => ({ error });

  test('leaves alone what goes well', async () => {
    expect(attempt<unknown>(() => 1, failed)).toBe(1);
    expect(await attempt<unknown>(async () => 1, failed)).toBe(1);
  });

  test('leaves to the other what is thrown or rejected', async () => {
    const thrown = attempt<unknown>(() => {
      throw refusal;
    }, failed);
    expect(thrown).toEqual({ error: refusal });
    expect(await attempt<unknown>(() => Promise.reject(refusal), failed)).toEqual({ error: refusal });
  });
});
