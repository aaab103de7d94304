/** A stored value that is not what its key promises. Its bytes stay out of the message: they may hold secrets. */
export class MalformedValueError extends Error {
  override readonly name = 'MalformedValueError';

  constructor(
    /** The name of the kind of key. */
    readonly kind: string,
    readonly key: Uint8Array,
    options?: { cause?: unknown },
  ) {
    super(`malformed ${kind} value, key=${Buffer.from(key).toString('hex')}`, options);
  }
}
