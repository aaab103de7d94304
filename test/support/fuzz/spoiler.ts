import { decodeKey } from '../../../src/keys/decode-key.ts';
import { sameBytes } from '../../../src/kv/bytes.ts';
import type { KeyValue, Store } from '../../../src/kv/store.ts';
import type { SentStep } from '../../conformance/replay.ts';
import { ENDPOINTS, type Endpoint } from './endpoints.ts';
import { checkRpc } from './fuzz-endpoint.ts';
import type { FuzzedServer } from './fuzzed-server.ts';
import { type SpoiltRequest, spoiltRequests } from './spoil.ts';
import { problemsOfPairs, storedPairs, versionOf } from './stored-pairs.ts';

const METHODS: ReadonlyMap<string, Endpoint> = new Map(
  ENDPOINTS.filter(({ kind }) => kind === 'rpc').map((endpoint) => [endpoint.path, endpoint]),
);

const MOST_VIOLATIONS = 10;

/** An instance that has nothing, whose callers must not get at what others have. */
export const STRANGER = 'stranger';
const STRANGERS_NODE = { cloud_unique_id: `1:${STRANGER}:fe` };

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
    const before = byKey(await storedPairs(server.store));
    const asStranger = { what: `a caller from ${STRANGER}`, body: JSON.stringify({ ...body, ...STRANGERS_NODE }) };
    const byCaller = 'cloud_unique_id' in body && !('instance_id' in body);
    server.takeLog();
    for (const spoilt of [...spoiltRequests(method.request, body), ...(byCaller ? [asStranger] : [])]) {
      const version = await versionOf(server.store);
      const { answered, ok, problems } = await send(server, method, spoilt);
      if ((await versionOf(server.store)) !== version) {
        const changes = changesOf(before, await storedPairs(server.store));
        if (!ok || !method.writes) problems.push(...changes.map(({ key }) => `changed ${key}, and ${answered}`));
        if (spoilt === asStranger) problems.push(...changes.filter(isStray).map(({ key }) => `changed ${key}`));
        problems.push(...problemsOfPairs(changes.flatMap(({ now }) => now ?? [])));
        await takeBack(server.store, changes);
      }
      for (const problem of problems) this.#violations.push(`${method.path} with ${spoilt.what}: ${problem}`);
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

interface Sent {
  readonly ok: boolean;
  /** The answer and the request, for messages. */
  readonly answered: string;
  /** What is wrong with the answer and the log. */
  readonly problems: string[];
}

async function send(server: FuzzedServer, method: Endpoint, { body }: SpoiltRequest): Promise<Sent> {
  const target = `/MetaService/${method.path}`;
  const request = { method: 'POST', target, contentType: 'application/json', body: Buffer.from(body) };
  const answer = await server.client.send(request).catch((error: unknown) => String(error));
  if (typeof answer === 'string') return { ok: false, answered: answer, problems: [`${answer}: ${body}`] };
  const answered = `answered ${answer.status} ${answer.body.toString().slice(0, 500)} to ${body}`;
  const { ok, problem } = checkRpc(answer);
  const logged = server.takeLog().filter((line) => /"level":"(error|fatal)"/.test(line));
  return { ok, answered, problems: [...(problem === undefined ? [] : [`${problem}: ${answered}`]), ...logged] };
}

/** A key, in hex, at which something else stands now than before. */
interface Change {
  readonly key: string;
  readonly before: KeyValue | undefined;
  readonly now: KeyValue | undefined;
}

type PairsByKey = ReadonlyMap<string, KeyValue>;

function byKey(pairs: readonly KeyValue[]): PairsByKey {
  return new Map(pairs.map((pair) => [Buffer.from(pair.key).toString('hex'), pair]));
}

function changesOf(before: PairsByKey, pairs: readonly KeyValue[]): Change[] {
  const now = byKey(pairs);
  return [...new Set([...before.keys(), ...now.keys()])]
    .map((key) => ({ key, before: before.get(key), now: now.get(key) }))
    .filter(({ before, now }) => !sameBytes(before?.value, now?.value));
}

/** Whether a caller from the stranger had better not made the change. */
function isStray({ key }: Change): boolean {
  const decoded = decodeKey(Buffer.from(key, 'hex'));
  return 'problem' in decoded || ('instance_id' in decoded.fields && decoded.fields.instance_id !== STRANGER);
}

async function takeBack(store: Store, changes: readonly Change[]): Promise<void> {
  await store.transact(async (txn) => {
    for (const { key, before } of changes) {
      if (before) txn.set(before.key, before.value);
      else txn.clear(Buffer.from(key, 'hex'));
    }
  });
}
