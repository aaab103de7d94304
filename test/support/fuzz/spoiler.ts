import type { KeyValue, Store } from '../../../src/kv/store.ts';
import type { SentStep } from '../../conformance/replay.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { checkRpc } from './fuzz-endpoint.ts';
import type { FuzzedServer } from './fuzzed-server.ts';
import { type SpoiltRequest, spoiltRequests } from './spoil.ts';
import { storedPairs, storedProblems, versionOf } from './stored-pairs.ts';

const METHODS: ReadonlyMap<string, Endpoint> = new Map(
  ENDPOINTS.filter(({ kind }) => kind === 'rpc').map((endpoint) => [endpoint.path, endpoint]),
);

const MOST_VIOLATIONS = 10;

/** Sends requests that are right but for one field, and takes back what those of them change that succeed. */
export class Spoiler {
  readonly #right_requests: number;
  readonly #violations: string[] = [];
  /** The shapes of the right requests whose fields were spoilt, by method. */
  readonly #shapes = new Map<string, Set<string>>();

  /** `right_requests`: of how many requests of a method, different in their shapes, each field is spoilt. */
  constructor(right_requests: number) {
    this.#right_requests = right_requests;
  }

  hasSpoilt({ path }: Endpoint): boolean {
    return this.#shapes.has(path);
  }

  /** What must not have happened since the last call, the first few of it. */
  takeViolations(): string[] {
    return this.#violations.splice(0).slice(0, MOST_VIOLATIONS);
  }

  /** For a step of a suite that is about to be sent: spoils it where it calls a method and is to succeed. */
  async beforeStep(server: FuzzedServer, { path, body, succeeds }: SentStep): Promise<void> {
    const [, name = ''] = /^\/MetaService\/(\w+)$/.exec(path) ?? [];
    const method = METHODS.get(name);
    if (method !== undefined && succeeds && body.startsWith('{')) await this.spoil(server, method, JSON.parse(body));
  }

  /** Sends a request with each of its fields spoilt in turn, unless as many of its method were. */
  async spoil(server: FuzzedServer, method: Endpoint, body: object): Promise<void> {
    if (method.request === undefined || !this.#isNew(method, body)) return;
    const pairs = await storedPairs(server.store);
    let version = await versionOf(server.store);
    server.takeLog();
    for (const spoilt of spoiltRequests(method.request, body)) {
      const problems = await problemsOf(server, method, spoilt, { version, pairs });
      for (const problem of problems) this.#violations.push(`${method.path} with ${spoilt.what}: ${problem}`);
      if ((await versionOf(server.store)) === version) continue;
      await restore(server.store, pairs);
      version = await versionOf(server.store);
    }
  }

  #isNew({ path }: Endpoint, body: object): boolean {
    const shapes = this.#shapes.get(path) ?? new Set();
    const shape = shapeOf(body);
    if (shapes.size >= this.#right_requests || shapes.has(shape)) return false;
    this.#shapes.set(path, shapes.add(shape));
    return true;
  }
}

/** The fields that a request has, at every depth, and of its values those that choose between ways: names of enums. */
function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return `[${shapeOf(value[0])}]`;
  if (typeof value === 'string') return /^[A-Z_]+$/.test(value) ? value : '';
  if (typeof value !== 'object' || value === null) return '';
  const fields = Object.entries(value).map(([name, inner]) => name + shapeOf(inner));
  return `{${fields.sort().join()}}`;
}

interface State {
  readonly version: bigint;
  readonly pairs: readonly KeyValue[];
}

/** Sends a request, and tells what is wrong with the answer, the log, and what was done to the store. */
async function problemsOf(
  server: FuzzedServer,
  method: Endpoint,
  { body }: SpoiltRequest,
  before: State,
): Promise<string[]> {
  const target = `/MetaService/${method.path}`;
  const request = { method: 'POST', target, contentType: 'application/json', body: Buffer.from(body) };
  const answer = await server.client.send(request).catch((error: unknown) => String(error));
  if (typeof answer === 'string') return [`${answer}: ${body}`];
  const answered = `answered ${answer.status} ${answer.body.toString().slice(0, 500)} to ${body}`;
  const { ok, problem } = checkRpc(answer);
  const problems = problem === undefined ? [] : [`${problem}: ${answered}`];
  for (const line of server.takeLog()) if (/"level":"(error|fatal)"/.test(line)) problems.push(`logged ${line}`);
  if ((await versionOf(server.store)) === before.version) return problems;
  if (ok && method.writes) return [...problems, ...(await storedProblems(server.store))];
  const changes = changedKeys(before.pairs, await storedPairs(server.store));
  return changes.size === 0 ? problems : [...problems, `changed ${[...changes][0]}, and ${answered}`];
}

function byKey(pairs: readonly KeyValue[]): Map<string, KeyValue> {
  return new Map(pairs.map((pair) => [Buffer.from(pair.key).toString('hex'), pair]));
}

/** The keys, in hex, at which something else stands now. */
function changedKeys(before: readonly KeyValue[], now: readonly KeyValue[]): Set<string> {
  const [were, are] = [byKey(before), byKey(now)];
  const keys = new Set([...were.keys(), ...are.keys()]);
  for (const key of keys) {
    const [was, is] = [were.get(key)?.value, are.get(key)?.value];
    if (was !== undefined && is !== undefined && Buffer.compare(was, is) === 0) keys.delete(key);
  }
  return keys;
}

async function restore(store: Store, pairs: readonly KeyValue[]): Promise<void> {
  const were = byKey(pairs);
  const changed = changedKeys(pairs, await storedPairs(store));
  await store.transact(async (txn) => {
    for (const key of changed) {
      const before = were.get(key);
      if (before) txn.set(before.key, before.value);
      else txn.clear(Buffer.from(key, 'hex'));
    }
  });
}
