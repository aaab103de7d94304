import { describe, expect, test } from 'vitest';
import { originOf, readRequestId, readTraceParent } from './call-origin.ts';

describe('the id of a call', () => {
  test.each([
    ['4f1c-22', '4f1c-22'],
    ['x'.repeat(128), 'x'.repeat(128)],
    ['x'.repeat(129), undefined],
    ['', undefined],
    ['a b', undefined],
    ['a\nb', undefined],
    ['é', undefined],
    [undefined, undefined],
  ])('%j is taken as %j', (given, taken) => {
    expect(readRequestId(given)).toBe(taken);
  });
});

describe('the parent of a trace', () => {
  const trace_id = '0af7651916cd43dd8448eb211c80319c';
  const span_id = 'b7ad6b7169203331';

  test('is read with whether its caller records it', () => {
    expect(readTraceParent(`00-${trace_id}-${span_id}-01`)).toEqual({ trace_id, span_id, sampled: true });
    expect(readTraceParent(`00-${trace_id}-${span_id}-02`)).toEqual({ trace_id, span_id, sampled: false });
  });

  test.each([
    undefined,
    '',
    `01-${trace_id}-${span_id}-01`,
    `00-${'0'.repeat(32)}-${span_id}-01`,
    `00-${trace_id}-${'0'.repeat(16)}-01`,
    `00-${trace_id.toUpperCase()}-${span_id}-01`,
    `00-${trace_id}-${span_id}-01-more`,
  ])('is not %j', (text) => {
    expect(readTraceParent(text)).toBeUndefined();
  });
});

test('headers say both, or nothing', () => {
  expect(originOf({})).toEqual({});
  expect(originOf({ 'x-request-id': 'a' })).toEqual({ request_id: 'a', trace: undefined });
  expect(originOf({ 'x-request-id': ['a', 'b'] })).toEqual({ request_id: undefined, trace: undefined });
});
