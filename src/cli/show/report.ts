import type { ExitCode } from '../exit-code.ts';

/** What a command has to say. */
export interface Report {
  /** For programs: one JSON document. 64-bit numbers may be bigints, and are shown as texts. */
  readonly json: unknown;
  /** For people, in so many columns, or without a limit; lines without the last line's end. */
  text(columns: number | undefined): string;
  /** When it is not Done. */
  readonly code?: ExitCode;
}

/** That something was done, in a sentence for people; programs get what is in `facts`. */
export function done(sentence: string, facts: object = {}): Report {
  return { json: { done: true, ...facts }, text: () => sentence };
}

/** The JSON of a report, indented, since people read it, too. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_name, one) => (typeof one === 'bigint' ? one.toString() : one), 2);
}
