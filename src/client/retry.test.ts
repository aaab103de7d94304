import { describe, expect, test } from 'vitest';
import type { ErrorKind } from './client-error.ts';
import { Rotation } from './endpoints.ts';
import { Failure } from './failure.ts';
import { Patience } from './patience.ts';
import { type Attempt, withRetries } from './retry.ts';

interface Script {
  readonly endpoints?: readonly string[];
  readonly retry?: boolean;
  readonly repeatable?: boolean;
  readonly timeout_ms?: number;
}

/** Runs a call whose attempts come to these ends, the last of them for ever. Answers the result and where it was tried. */
async function run(
  ends: readonly (Failure | Attempt<string>)[],
  { endpoints = ['a'], retry = true, repeatable = false, timeout_ms = 10_000 }: Script = {},
) {
  const patience = new Patience(timeout_ms);
  const tried: string[] = [];
  const outcome = await withRetries(new Rotation(endpoints.map((name) => ({ name }))), {
    ...{ method: 'm', patience, retry, repeatable, mask: (text: string) => text.replace('pa55', '***') },
    attempt: async ({ name }, again) => {
      const end = ends[Math.min(tried.length, ends.length - 1)];
      tried.push(again ? `${name} again` : name);
      if (end instanceof Failure || end === undefined) throw end;
      return end;
    },
  }).catch((error: unknown) => error);
  patience.dispose();
  return { outcome, tried };
}

const failure = (kind: ErrorKind, maybe_executed: boolean) => new Failure(kind, `pa55 ${kind}`, { maybe_executed });
const refusal = (passing: boolean, maybe_executed: boolean): Attempt<string> => ({
  refused: ({ attempts }) => `refused ${attempts}`,
  passing,
  maybe_executed,
});
const DONE: Attempt<string> = { result: 'done' };

describe('a call is tried again', () => {
  test.each<[string, Failure | Attempt<string>, boolean]>([
    ['that was not sent', failure('unavailable', false), false],
    ['that found the service busy', failure('busy', false), false],
    ['that was lost, and may be repeated', failure('unavailable', true), true],
    ['that met a conflict', refusal(true, false), false],
    ['whose commit is not certain, and that may be repeated', refusal(true, true), true],
  ])('%s', async (_, end, repeatable) => {
    expect(await run([end, DONE], { repeatable })).toMatchObject({ outcome: 'done', tried: { length: 2 } });
  });

  test('knowing that an earlier attempt may have been executed', async () => {
    const ends = [failure('busy', false), failure('unavailable', true), failure('busy', false), DONE];
    expect((await run(ends, { repeatable: true })).tried).toEqual(['a', 'a', 'a again', 'a again']);
  });

  test('at the next endpoint, and in the end at the first one again', async () => {
    const ends = [failure('unavailable', false), failure('busy', false), failure('unavailable', false), DONE];
    expect((await run(ends, { endpoints: ['a', 'b', 'c'] })).tried).toEqual(['a', 'b', 'c', 'a']);
  });

  test('at the same endpoint when that one answered', async () => {
    expect((await run([refusal(true, false), DONE], { endpoints: ['a', 'b'] })).tried).toEqual(['a', 'a']);
  });
});

describe('a call is not tried again', () => {
  test.each<[string, Failure, Script]>([
    ['that may have been executed', failure('unavailable', true), {}],
    ['that can not be understood', failure('bad_request', false), { repeatable: true }],
    ['that met a defect', failure('failed', true), { repeatable: true }],
    ['that was answered with something else', failure('protocol', true), { repeatable: true }],
    ['that is not to be', failure('busy', false), { retry: false }],
  ])('%s', async (_, end, script) => {
    const { outcome, tried } = await run([end, DONE], script);
    expect(tried).toEqual(['a']);
    expect(outcome).toMatchObject({ kind: end.kind, attempts: 1, maybe_executed: end.maybe_executed });
  });

  test.each<[string, Attempt<string>]>([
    ['for good', refusal(false, false)],
    ['with its commit uncertain', refusal(true, true)],
  ])('that was refused %s', async (_, end) => {
    expect(await run([end, DONE])).toEqual({ outcome: 'refused 1', tried: ['a'] });
  });

  test('for longer than its time: the last outcome stands', async () => {
    const failed = await run([failure('unavailable', false)], { timeout_ms: 50 });
    expect(failed.outcome).toMatchObject({ kind: 'unavailable', attempts: failed.tried.length });
    const several = await run([failure('unavailable', false)], { timeout_ms: 50, endpoints: ['a', 'b', 'c'] });
    expect(several.outcome).toMatchObject({ kind: 'unavailable' });
    const refused = await run([refusal(true, false)], { timeout_ms: 50 });
    expect(refused.outcome).toBe(`refused ${refused.tried.length}`);
  });
});

test('a call whose time is over before it is sent is told by what happened before', async () => {
  const late = new Failure('deadline', 'late', { maybe_executed: false });
  expect((await run([failure('busy', false), late], { timeout_ms: 100 })).outcome).toMatchObject({ kind: 'busy' });
  expect((await run([late])).outcome).toMatchObject({ kind: 'deadline' });
});

describe('a call whose time ends between two attempts', () => {
  /** Ends the time of a call while it pauses after its first attempt. */
  async function endIn(why: 'deadline' | 'cancelled') {
    const patience = new Patience(10_000);
    const call = withRetries(new Rotation([{ name: 'a' }]), {
      ...{ method: 'm', patience, retry: true, repeatable: false, mask: (text: string) => text },
      attempt: () => {
        setImmediate(() => patience.end(why));
        return Promise.reject(failure('unavailable', false));
      },
    });
    return call.catch((error: unknown) => error);
  }

  test('is told by the first, and counts no second', async () => {
    expect(await endIn('deadline')).toMatchObject({ kind: 'unavailable', attempts: 1 });
  });

  test('is cancelled when it was', async () => {
    expect(await endIn('cancelled')).toMatchObject({ kind: 'cancelled', attempts: 1, maybe_executed: false });
  });
});

test('the error is told without secrets, and remembers that an attempt may have been executed', async () => {
  const ends = [failure('unavailable', true), failure('failed', false)];
  const { outcome } = await run(ends, { repeatable: true });
  expect(outcome).toMatchObject({ message: 'm at a: *** failed (after 2 attempts)', maybe_executed: true });
});

test('a defect of the client itself is not hidden', async () => {
  const patience = new Patience(1_000);
  const defect = new RangeError('defect');
  const call = withRetries(new Rotation([{ name: 'a' }]), {
    ...{ method: 'm', patience, retry: true, repeatable: true, mask: (text: string) => text },
    attempt: () => Promise.reject(defect),
  });
  await expect(call).rejects.toBe(defect);
  patience.dispose();
});
