/** A restore that can't be done, with what to do about it, for whoever asked for it. */
export class RestoreError extends Error {
  override readonly name = 'RestoreError';
}
