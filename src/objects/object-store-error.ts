/** What kind of trouble a place for objects is in; what to do about it differs. */
export type ObjectStoreFault =
  /** Its credentials are not taken, or don't suffice. */
  | 'denied'
  /** There is no such bucket, container or path. */
  | 'missing'
  /** It can't be reached, doesn't answer in time, or asks to be left alone for a while. */
  | 'unavailable'
  /** What it is declared with can't work: an address that is none, a provider that nobody knows. */
  | 'misconfigured'
  /** It answers what nobody understands, or refuses what it should not. */
  | 'failed';

/** Why something could not be done with objects. Its message names the place and the deed, and never a key or a signature. */
export class ObjectStoreError extends Error {
  override readonly name = 'ObjectStoreError';

  constructor(
    readonly fault: ObjectStoreFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the same call may succeed a little later. */
  get passing(): boolean {
    return this.fault === 'unavailable';
  }
}
