import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CipherError, decrypt, encrypt } from './aes.ts';

const DORIS_KEY = Buffer.from('c2VsZWN0ZGJzZWxlY3RkYnNlbGVjdGRic2VsZWN0ZGI=', 'base64');

describe('secrets at rest', () => {
  // What Doris' own service stored for these two secret keys.
  test.each([
    ['sk_x', 'C42LHm+dMFyDrw5Nz8SdLQ=='],
    ['sk1', 'xLmeopQYN9You2zkOD0R7Q=='],
  ])('%s is stored as Doris stores it', (plain, stored) => {
    expect(encrypt(plain, 'AES_256_ECB', DORIS_KEY)).toBe(stored);
    expect(decrypt(stored, 'AES_256_ECB', DORIS_KEY)).toBe(plain);
  });

  test('any text comes back, under keys of any length', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.uint8Array({ minLength: 1, maxLength: 70 }),
        fc.constantFrom('AES_128_ECB', 'AES_256_ECB'),
        (plain, key, method) => decrypt(encrypt(plain, method, key), method, key) === plain,
      ),
    );
  });

  test('another key, another method or damage is an error that tells nothing', () => {
    const stored = encrypt('secret-key-of-mine', 'AES_256_ECB', DORIS_KEY);
    expect(() => decrypt(stored.slice(4), 'AES_256_ECB', DORIS_KEY)).toThrow(CipherError);
    expect(() => decrypt(stored, 'AES_256_CBC', DORIS_KEY)).toThrow(CipherError);
    expect(() => encrypt('x', 'ROT13', DORIS_KEY)).toThrow(/AES_128_ECB, AES_256_ECB/);
  });
});
