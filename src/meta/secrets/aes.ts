import { createCipheriv, createDecipheriv } from 'node:crypto';

/**
 * The methods that Doris names in an `EncryptionInfoPB` and can use: the others need an initialization vector, which
 * its records have no room for.
 */
const METHODS: ReadonlyMap<string, { readonly cipher: string; readonly key_bytes: number }> = new Map([
  ['AES_128_ECB', { cipher: 'aes-128-ecb', key_bytes: 16 }],
  ['AES_256_ECB', { cipher: 'aes-256-ecb', key_bytes: 32 }],
]);

const ENCRYPTION_METHODS: readonly string[] = [...METHODS.keys()];

/** A key or a method that secrets can't be encrypted or decrypted with. Says nothing of either. */
export class CipherError extends Error {
  override readonly name = 'CipherError';
}

/** Base64 of the encrypted text; an empty text stays empty. */
export function encrypt(plain: string, method: string, key: Uint8Array): string {
  if (plain === '') return '';
  const { cipher, key_bytes } = methodNamed(method);
  const encrypting = createCipheriv(cipher, foldKey(key, key_bytes), null);
  return Buffer.concat([encrypting.update(plain, 'utf8'), encrypting.final()]).toString('base64');
}

/** The text that `encrypt` was given. Throws a CipherError when key, method and text don't belong together. */
export function decrypt(encrypted: string, method: string, key: Uint8Array): string {
  if (encrypted === '') return '';
  const { cipher, key_bytes } = methodNamed(method);
  const decrypting = createDecipheriv(cipher, foldKey(key, key_bytes), null);
  try {
    return Buffer.concat([decrypting.update(encrypted, 'base64'), decrypting.final()]).toString('utf8');
  } catch {
    throw new CipherError('a secret was not encrypted with the key that its record names');
  }
}

function methodNamed(method: string): { readonly cipher: string; readonly key_bytes: number } {
  const known = METHODS.get(method);
  if (!known) throw new CipherError(`unknown encryption method; known are ${ENCRYPTION_METHODS.join(', ')}`);
  return known;
}

/** A key of any length made one of `length` bytes, by folding what is too long onto its beginning, as MySQL does. */
function foldKey(key: Uint8Array, length: number): Buffer {
  const folded = Buffer.alloc(length);
  key.forEach((byte, position) => {
    folded[position % length] = (folded[position % length] ?? 0) ^ byte;
  });
  return folded;
}
