import { expect, test } from 'vitest';
import { type ClientOptions, settingsOf } from './client-options.ts';

test('options that are left out have their defaults', () => {
  expect(settingsOf({ endpoints: 'meta:5000' })).toMatchObject({
    endpoints: [{ text: 'meta:5000' }],
    transport: 'http',
    timeout_ms: 30_000,
    refusals: 'throw',
    retry: true,
  });
});

test.each<Partial<ClientOptions>>([
  { endpoints: [] },
  { endpoints: 'meta' },
  { timeout_ms: 0 },
  { timeout_ms: 1.5 },
  { timeout_ms: Number.NaN },
  { timeout_ms: 2 ** 31 },
  { connect_timeout_ms: -1 },
  { max_message_bytes: 0 },
  { max_connections: 0 },
  { transport: 'carrier pigeon' as never },
])('options that can not be are refused: %j', (options) => {
  expect(() => settingsOf({ endpoints: 'meta:5000', ...options })).toThrow(TypeError);
});
