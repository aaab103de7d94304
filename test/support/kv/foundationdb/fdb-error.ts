/** As the package's own: the number is FoundationDB's. */
export class FdbError extends Error {
  override readonly name = 'FDBError';

  constructor(readonly code: number) {
    super(`error ${code} of the double`);
  }
}
