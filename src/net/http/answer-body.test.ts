import { expect, test } from 'vitest';
import { bodyOf } from './answer-body.ts';

test('one piece is the body, and none is an empty one', async () => {
  expect(await bodyOf(['é'][Symbol.iterator]())).toBe('é');
  expect(await bodyOf([][Symbol.iterator]())).toBe('');
});

test('many pieces are the body in their order', async () => {
  const pieces = ['a', 'é', '你', '😀'];
  const body = await bodyOf(pieces[Symbol.iterator]());
  expect(Buffer.concat(body as Buffer[]).toString()).toBe('aé你😀');
});

test('others get their turn while a body is made that takes long', async () => {
  let turns = 0;
  const turn = () => {
    turns++;
    timer = setImmediate(turn);
  };
  let timer = setImmediate(turn);
  await bodyOf(slowPieces());
  clearImmediate(timer);
  expect(turns).toBeGreaterThanOrEqual(2);
});

function* slowPieces(): Generator<string, void> {
  for (let i = 0; i < 5; i++) {
    const until_ms = performance.now() + 11;
    while (performance.now() < until_ms);
    yield String(i);
  }
}
