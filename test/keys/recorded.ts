import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A step of a recorded suite, as far as the key tools need it. */
export interface RecordedStep {
  readonly id: string;
  readonly path: string;
  readonly expect: { readonly status: number; readonly text?: string; readonly json?: Record<string, unknown> };
}

function read(path: string): string {
  return readFileSync(fileURLToPath(new URL(`../conformance/${path}`, import.meta.url)), 'utf8');
}

export function recordedSteps(suite: string): readonly RecordedStep[] {
  return (JSON.parse(read(suite)) as { steps: RecordedStep[] }).steps;
}

/** The pairs that Doris's service wrote to FoundationDB while it served suites like ours. */
export function takeoverPairs(): readonly { key: Buffer; value: Buffer }[] {
  const pairs = JSON.parse(read('takeover/store.json')) as [string, string][];
  return pairs.map(([key, value]) => ({ key: Buffer.from(key, 'hex'), value: Buffer.from(value, 'hex') }));
}

/** The last part of a path, and its query as it was sent. */
export function callOf(path: string): { tool: string; query: { get(name: string): string | undefined } } {
  const [before = '', query = ''] = path.split('?');
  const parameters = new Map(
    query.split('&').map((each) => [...each.split(/=(.*)/s), ''].slice(0, 2) as [string, string]),
  );
  return { tool: before.split('/').at(-1) ?? '', query: { get: (name) => parameters.get(name) } };
}
