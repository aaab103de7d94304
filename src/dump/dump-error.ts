/** A place in a dump: a frame by its number (the header is 0, the first block 1), and where that begins, in bytes from the start. */
export interface PlaceInDump {
  readonly frame: number;
  readonly offset: number;
}

/** What is wrong with a dump, and where. */
export class DumpError extends Error {
  override readonly name = 'DumpError';

  constructor(
    readonly problem: string,
    readonly place: PlaceInDump,
  ) {
    super(`${nameOfFrame(place.frame)} at byte ${place.offset}: ${problem}`);
  }
}

function nameOfFrame(frame: number): string {
  return frame === 0 ? 'the header' : `block ${frame}`;
}
