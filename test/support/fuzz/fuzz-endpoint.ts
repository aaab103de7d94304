import { MetaServiceCode } from '../../../src/schema/gen/cloud/status_pb.ts';
import { readBrpcJson } from '../../../src/schema/json/read-brpc-json.ts';
import { readProtobufJson } from '../../../src/schema/json/read-protobuf-json.ts';
import type { Random } from '../random.ts';
import type { FuzzAnswer } from './client.ts';
import type { Endpoint } from './endpoints.ts';
import { type FuzzRequest, fuzzRequest } from './fuzz-request.ts';
import { type FuzzedServer, plantWorld } from './fuzzed-server.ts';
import { holdsPlanted, plantedElsewhere } from './secrets.ts';
import { hashOfPairs, versionOf } from './stored-pairs.ts';

export interface FuzzRun {
  readonly runs: number;
  readonly random: Random;
}

export interface FuzzOutcome {
  /** What must not have happened, each with the request that it happened to. */
  readonly violations: readonly string[];
  /** How many answers had each status, or for RPCs each code. */
  readonly answers: Readonly<Record<string, number>>;
}

/** Requests in flight together. */
const WAVE = 4;
/** After so many waves, or a tenth of all, what exists is created anew under other names, since requests drop some of it. */
const LEAST_WAVES_OF_A_GENERATION = 60;
const MOST_VIOLATIONS = 5;

/** Sends an endpoint requests of all kinds, and tells what went wrong. */
export async function fuzzEndpoint(server: FuzzedServer, endpoint: Endpoint, run: FuzzRun): Promise<FuzzOutcome> {
  const violations: string[] = [];
  const answers: Record<string, number> = {};
  const random = run.random.fork(endpoint.path);
  const generation = () => `${endpoint.path.replace(/\W/g, '_')}_${random.int(2 ** 30)}`;
  let world = await plantWorld(server, random, generation());
  let untouched = { hash: await hashOfPairs(server.store), version: await versionOf(server.store) };
  server.takeLog();
  let before = await stateOf(server, endpoint);
  const generationWaves = Math.max(LEAST_WAVES_OF_A_GENERATION, Math.ceil(run.runs / WAVE / 10));

  for (let wave = 0; wave * WAVE < run.runs && violations.length < MOST_VIOLATIONS; wave++) {
    if (wave % generationWaves === generationWaves - 1) {
      violations.push(...(await changeWithoutCommit(server, untouched)));
      world = await plantWorld(server, random, generation());
      untouched = { hash: await hashOfPairs(server.store), version: await versionOf(server.store) };
      server.takeLog();
      before = await stateOf(server, endpoint);
    }
    const requests = Array.from({ length: WAVE }, () => fuzzRequest(random, endpoint, world, server.token));
    const checked = await Promise.all(requests.map((request) => sendAndCheck(server, endpoint, request)));
    for (const { problem, outcome } of checked) {
      answers[outcome] = (answers[outcome] ?? 0) + 1;
      if (problem !== undefined) violations.push(problem);
    }
    const allowed = endpoint.writes ? checked.filter(({ ok }) => ok).length : 0;
    const after = await stateOf(server, endpoint);
    const commits = after.commits - before.commits;
    const moved = after.version !== before.version || after.hash !== before.hash;
    if (commits > allowed || (moved && allowed === 0)) {
      violations.push(`${commits} commits by ${allowed} calls that succeeded: ${requests.map(show).join('\n')}`);
    }
    before = after;
    violations.push(...logProblems(server, requests, endpoint));
  }
  violations.push(...(await changeWithoutCommit(server, untouched)));
  return { violations: violations.slice(0, MOST_VIOLATIONS), answers };
}

interface StoreState {
  readonly commits: number;
  readonly version: bigint;
  readonly hash: string;
}

/** What must stay the same when no call succeeds. A method in several steps may commit any number of times: what is stored counts. */
async function stateOf({ store }: FuzzedServer, { inSteps }: Endpoint): Promise<StoreState> {
  if (inSteps) return { commits: 0, version: 0n, hash: await hashOfPairs(store) };
  return { commits: store.stats().commits, version: await versionOf(store), hash: '' };
}

async function changeWithoutCommit(
  { store }: FuzzedServer,
  before: { readonly hash: string; readonly version: bigint },
): Promise<string[]> {
  if ((await versionOf(store)) !== before.version || (await hashOfPairs(store)) === before.hash) return [];
  return ['the store changed without a commit'];
}

interface Checked {
  readonly ok: boolean;
  readonly outcome: string;
  readonly problem?: string;
}

async function sendAndCheck(server: FuzzedServer, endpoint: Endpoint, request: FuzzRequest): Promise<Checked> {
  let answer: FuzzAnswer;
  try {
    answer = await server.client.send(request);
  } catch (error) {
    return { ok: false, outcome: 'broken', problem: `${String(error)}: ${show(request)}` };
  }
  const { ok, outcome, problem } = endpoint.kind === 'admin' ? checkAdmin(endpoint, answer) : checkRpc(answer);
  const text = answer.body.toString('latin1');
  // A refused token is shown to whoever sent it.
  const quotes = answer.status !== 403;
  const leaks = quotes && !endpoint.givesSecrets && holdsPlanted(text) && !echoes(endpoint, request);
  const tells = quotes && text.includes(server.token) && !misplacesToken(server, request);
  const found = leaks ? 'a secret' : tells ? 'the token' : problem;
  if (found === undefined) return { ok, outcome };
  return { ok, outcome, problem: `${found}: ${show(request)} answered ${answer.status} ${text.slice(0, 1000)}` };
}

/** What an operation that is answered in protobuf's text format says of its own errors: nothing, or a status. */
const TEXT_ERRORS: Readonly<Record<string, RegExp>> = {
  'http/get_tablet_stats': /^$/,
  'http/fix_tablet_stats': /^code: [A-Z_]+\nmsg: "[^\n]+"\n$/,
};

/** What the statuses of the admin API mean, and what their bodies must be. */
function checkAdmin({ path }: Endpoint, { status, body }: FuzzAnswer): Checked {
  const outcome = String(status);
  if (status === 200) return { ok: true, outcome };
  if (TEXT_ERRORS[path]?.test(body.toString())) return { ok: false, outcome };
  if (status === 403) return { ok: false, outcome };
  const code = {
    400: 'INVALID_ARGUMENT',
    413: 'INVALID_ARGUMENT',
    404: 'NOT_FOUND',
    409: 'ALREADY_EXISTED',
    500: 'INTERNAL_ERROR',
  }[status];
  if (code === undefined) return { ok: false, outcome, problem: 'a status that the service does not have' };
  const reply = parse(body);
  const whole = reply?.code === code && typeof reply.msg === 'string' && reply.msg !== '';
  if (!whole || /unexpected error/.test(String(reply?.msg)))
    return { ok: false, outcome, problem: 'not an error of the service' };
  return { ok: false, outcome };
}

/** An RPC that reached its method is answered 200 with a status, and 400 with brpc's words otherwise. */
export function checkRpc({ status, body }: FuzzAnswer): Checked {
  if (status === 400) {
    const known = /^\[[\d.]+:\d+\]\[E1003\]Fail to parse http body as \w/.test(body.toString());
    return { ok: false, outcome: '400', ...(!known && { problem: 'not an answer of brpc' }) };
  }
  const given = parse(body)?.status as { code?: unknown; msg?: unknown } | undefined;
  const code = String(given?.code);
  const known = status === 200 && Object.hasOwn(MetaServiceCode, code) && typeof given?.msg === 'string';
  return { ok: code === 'OK', outcome: code, ...(!known && { problem: 'not an answer of the service' }) };
}

function parse(body: Buffer): Record<string, unknown> | undefined {
  try {
    return JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Whether the request has a secret where no secret belongs: cut pieces move them there, and names are quoted in errors. */
function echoes({ kind, request: schema }: Endpoint, { body, target }: FuzzRequest): boolean {
  if (holdsPlanted(target) || schema === undefined) return true;
  try {
    const text = body.toString('utf8');
    const message = kind === 'admin' ? readProtobufJson(schema, text).message : readBrpcJson(schema, text);
    return plantedElsewhere(message);
  } catch {
    return false;
  }
}

/** Whether a request has the token where something else belongs, which an answer may quote. */
function misplacesToken({ token }: FuzzedServer, { target, body }: FuzzRequest): boolean {
  const parameters = new URLSearchParams(target.slice(target.indexOf('?') + 1));
  const misplaced = [...parameters].some(([name, value]) => name !== 'token' && `${name}=${value}`.includes(token));
  return misplaced || body.includes(token);
}

function logProblems(server: FuzzedServer, requests: readonly FuzzRequest[], endpoint: Endpoint): string[] {
  const echoed = requests.some((request) => echoes(endpoint, request) && holdsPlanted(request.body));
  const misplaced = requests.some((request) => misplacesToken(server, request));
  return server.takeLog().flatMap((line) => {
    const wrong =
      /"level":"(error|fatal)"/.test(line) ||
      (line.includes(server.token) && !misplaced) ||
      (holdsPlanted(line) && !echoed);
    return wrong ? [`the log says ${line.slice(0, 2000)} of ${requests.map(show).join('\n')}`] : [];
  });
}

function show({ method, target, contentType, body }: FuzzRequest): string {
  const text = body.toString('latin1');
  const shown = text.length > 1500 ? `${text.slice(0, 1500)}... (${text.length} bytes)` : text;
  return `${method} ${target.slice(0, 500)} ${contentType ?? ''} ${JSON.stringify(shown)}`;
}
