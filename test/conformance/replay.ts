import { Agent, request } from 'node:http';
import { matches, normaliseAnswer, parseExact, type RawAnswer } from './compare.ts';
import type { Step, Suite } from './suite.ts';
import { asJsonRpc } from './transports/as-json-rpc.ts';
import type { Transport } from './transports/transport.ts';

export interface Target {
  readonly base: string;
  readonly token: string;
}

export interface Mismatch {
  readonly step: string;
  readonly want: unknown;
  readonly got: unknown;
}

/** A step with its variables filled in. */
export interface SentStep {
  readonly path: string;
  readonly body: string;
  /** Whether its answer is expected to be a success. */
  readonly succeeds: boolean;
}

export interface ReplayOptions {
  /** Called ahead of each step. */
  readonly before?: (step: SentStep) => Promise<void>;
  /** By which way in to make the calls that are methods; HTTP with JSON unless given. */
  readonly transport?: Transport;
}

/** Sends the steps of a suite in their order on one connection, and tells which answers are not the expected ones. */
export async function replay(
  suite: Suite,
  { base, token }: Target,
  { before, transport }: ReplayOptions = {},
): Promise<Mismatch[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const variables = new Map([['token', token]]);
  const mismatches: Mismatch[] = [];
  try {
    for (const step of suite.steps) {
      const [path, body] = [fill(step.path, variables), bodyOf(step, variables)];
      await before?.({ path, body, succeeds: succeeds(step) });
      const rpc = transport && asJsonRpc(transport, path, body, typeOf(step));
      const answer = rpc === undefined ? await send(base, step, variables, agent) : await rpc();
      capture(step, answer, variables);
      const got = normaliseAnswer(answer, variables, step.ignore ?? []);
      if (step.expect && !matches(step.expect, got)) mismatches.push({ step: step.id, want: step.expect, got });
    }
  } finally {
    agent.destroy();
  }
  return mismatches;
}

const DEFAULT_HEADERS: Readonly<Record<string, string>> = { 'content-type': 'text/plain' };

function send(base: string, step: Step, variables: ReadonlyMap<string, string>, agent: Agent): Promise<RawAnswer> {
  const body = bodyOf(step, variables);
  const headers = { 'content-length': Buffer.byteLength(body), ...(step.headers ?? DEFAULT_HEADERS) };
  const url = new URL(base);
  const options = { host: url.hostname, port: url.port, path: fill(step.path, variables), method: step.method };
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const type = (response.headers['content-type'] ?? '').split(';')[0] ?? '';
        resolve({ status: response.statusCode ?? 0, type, text: Buffer.concat(parts).toString('utf8') });
      });
    });
    sent.setTimeout(30_000, () => sent.destroy(new Error(`no answer to ${step.id} in 30 s`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** JSON RPCs answer with the content type that they were asked with. */
function typeOf({ headers }: Step): string {
  return (headers ?? DEFAULT_HEADERS)['content-type'] ?? '';
}

function bodyOf({ body }: Step, variables: ReadonlyMap<string, string>): string {
  const text = body === undefined || body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  return fill(text, variables);
}

function succeeds({ expect }: Step): boolean {
  const json = expect?.json as { status?: { code?: unknown } } | undefined;
  return json?.status?.code === 'OK';
}

/** `{{name}}` stands for a variable. */
function fill(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, name: string) => variables.get(name) ?? whole);
}

function capture(step: Step, { text }: RawAnswer, variables: Map<string, string>): void {
  for (const [name, path] of Object.entries(step.capture ?? {})) {
    let value: unknown = parseExact(text);
    for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
    if (value !== undefined) variables.set(name, String(value));
  }
}
