/** That a store was written to while it was copied from states that followed each other, so that the copy is of none. */
export class SourceChangedError extends Error {
  override readonly name = 'SourceChangedError';

  constructor() {
    super('the store was written to while it was read, so what was read is no state of it; stop what writes to it');
  }
}
