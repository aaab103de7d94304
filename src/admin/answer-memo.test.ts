import { describe, expect, test } from 'vitest';
import type { Store } from '../kv/store.ts';
import { StoreError, StoreErrorCode } from '../kv/store-error.ts';
import { AnswerMemo } from './answer-memo.ts';
import type { HttpAnswer } from './http-types.ts';

/** A store that is but its version. */
function storeAt(version: { now: bigint | undefined }): Store {
  const { now } = version;
  return (now === undefined ? {} : { newestVersion: () => version.now }) as unknown as Store;
}

function counting(status = 200) {
  const asked = { times: 0 };
  const ask = async (): Promise<HttpAnswer> => ({ status, body: `answer ${++asked.times}` });
  return { asked, ask };
}

describe('answers to reads', () => {
  test('come from the question itself while the store can not tell its version', async () => {
    const newestVersion = () => {
      throw new StoreError(StoreErrorCode.Busy, 'All slots for snapshots are taken.');
    };
    const { ask } = counting();
    expect((await new AnswerMemo({ newestVersion } as unknown as Store).answer('a', ask)).body).toBe('answer 1');
  });

  test('are remembered until the store changes', async () => {
    const version = { now: 7n };
    const memo = new AnswerMemo(storeAt(version));
    const { asked, ask } = counting();
    await memo.answer('a', ask);
    expect((await memo.answer('a', ask)).body).toBe('answer 1');
    expect((await memo.answer('b', ask)).body).toBe('answer 2');
    version.now = 8n;
    expect((await memo.answer('a', ask)).body).toBe('answer 3');
    expect(asked.times).toBe(3);
  });

  test('are not remembered when a commit came in while they were asked for', async () => {
    const version = { now: 1n };
    const memo = new AnswerMemo(storeAt(version));
    const { asked, ask } = counting();
    await memo.answer('a', async () => {
      version.now = 2n;
      await memo.answer('b', ask);
      return { status: 200, body: 'of some state in between' };
    });
    expect((await memo.answer('a', ask)).body).toBe('answer 2');
    expect(asked.times).toBe(2);
  });

  test('are asked for again when they were refusals', async () => {
    const memo = new AnswerMemo(storeAt({ now: 1n }));
    const { asked, ask } = counting(500);
    await memo.answer('a', ask);
    await memo.answer('a', ask);
    expect(asked.times).toBe(2);
  });

  test('are asked for each time on an engine that does not know its newest version', async () => {
    const memo = new AnswerMemo(storeAt({ now: undefined }));
    const { asked, ask } = counting();
    await memo.answer('a', ask);
    await memo.answer('a', ask);
    expect(asked.times).toBe(2);
  });
});
