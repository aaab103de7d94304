/** Why something was not brought to its end: its lease is lost, it is paused, the process stops, or whoever wanted it is gone. */
export type AbortCause = 'lost' | 'paused' | 'stopping' | 'unwanted';

/** The reason of the signals that end rounds and sweeps before they are through. */
export class Aborted extends Error {
  override readonly name = 'Aborted';

  constructor(
    readonly cause_of_abort: AbortCause,
    message: string,
  ) {
    super(message);
  }
}
