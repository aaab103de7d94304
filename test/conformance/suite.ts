import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a step must be answered with. `<any>` stands for any value, and a key `...` for any further keys. */
export interface Expectation {
  readonly status: unknown;
  readonly type: unknown;
  readonly json?: unknown;
  readonly text?: unknown;
}

export interface Step {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Variables to set from the answer, each by a dotted path into its JSON. */
  readonly capture?: Readonly<Record<string, string>>;
  /** Fields whose values differ from run to run. */
  readonly ignore?: readonly string[];
  readonly expect?: Expectation;
}

/** Requests in their order, with the answers that they were recorded or written down with. */
export interface Suite {
  readonly name: string;
  readonly steps: readonly Step[];
}

export function readSuites(directory: string): Suite[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Suite);
}
