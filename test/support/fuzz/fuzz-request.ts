import { routes } from '../../../src/admin/routes.ts';
import type { Random } from '../random.ts';
import { CORPUS } from './corpus.ts';
import type { Endpoint } from './endpoints.ts';
import { treeText } from './json-tree.ts';
import { mutateBytes, mutateJson, randomBytes } from './mutate.ts';
import { longText, oddText } from './odd-values.ts';
import { randomRequest } from './random-request.ts';
import type { World } from './world.ts';

export interface FuzzRequest {
  readonly method: string;
  /** Path and query, percent-encoded where HTTP asks for it. */
  readonly target: string;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** A request to an endpoint: right, or changed in some way, or made up. */
export function fuzzRequest(random: Random, endpoint: Endpoint, world: World, token: string): FuzzRequest {
  const version =
    endpoint.kind === 'admin' && random.chance(0.3) ? endpoint.path.replace('http/', 'http/v1/') : endpoint.path;
  const query = fuzzQuery(random, endpoint, world, token);
  return {
    method: random.weighted([
      [20, 'POST'],
      [10, 'PUT'],
      [endpoint.request === undefined ? 20 : 1, 'GET'],
      [1, 'DELETE'],
      [1, 'PATCH'],
    ]),
    target: `/MetaService/${version}${query === '' ? '' : `?${encodeForHttp(query)}`}`,
    contentType: random.pick([undefined, 'application/json', 'text/plain', 'application/x-www-form-urlencoded', '*/*']),
    body: fuzzBody(random, endpoint, world),
  };
}

function fuzzBody(random: Random, { path, request, bodies }: Endpoint, world: World): Buffer {
  const samples = bodies(world);
  if (request === undefined || samples.length === 0) return random.chance(0.1) ? randomBytes(random) : Buffer.alloc(0);
  const sample = random.pick(samples);
  const recorded = asCallerOf(world, random.pick(CORPUS.get(path) ?? [JSON.stringify(sample)]));
  const make = random.weighted<() => string | Buffer>([
    [10, () => JSON.stringify(sample)],
    [40, () => mutateJson(random, sample)],
    [20, () => mutateBytes(random, Buffer.from(JSON.stringify(sample, undefined, random.pick([0, 2]))))],
    [22, () => treeText(randomRequest(random, request, world))],
    [4, () => recorded],
    [6, () => mutateBytes(random, Buffer.from(recorded))],
    [3, () => mutateBytes(random, Buffer.from(mutateJson(random, sample)))],
    [3, () => randomBytes(random)],
    [1, () => ''],
    [1, () => longText(random)],
  ]);
  const body = make();
  return typeof body === 'string' ? Buffer.from(body) : body;
}

/** A recorded body, sent by a frontend of an instance of this world: the one that it was recorded with is not there. */
function asCallerOf({ s3 }: World, body: string): string {
  return body.replace(/"1:\w+:(?=\w+")/g, `"1:${s3}:`);
}

/** Parameters of all operations: one that is sent where it is not asked for must do no harm. */
const PARAMETERS = [
  'instance_id',
  'cloud_unique_id',
  'key',
  'key_type',
  'unicode',
  'token',
  'op',
  'tablet_id',
  'db_id',
];

function fuzzQuery(random: Random, endpoint: Endpoint, world: World, token: string): string {
  const given = random.pick(endpoint.queries(world));
  const parameters = [
    ...(endpoint.kind === 'admin' ? [`token=${token}`] : []),
    ...(given === '' ? [] : given.split('&')),
  ];
  const calm = endpoint.request === undefined ? 0.2 : 0.85;
  if (random.chance(calm)) return parameters.join('&');
  for (let left = 1 + random.int(3); left > 0; left--) mutateParameters(random, parameters);
  const text = parameters.join('&');
  return random.chance(0.2) ? mutateBytes(random, Buffer.from(text)).toString('latin1') : text;
}

function mutateParameters(random: Random, parameters: string[]): void {
  const at = random.int(parameters.length);
  const [name = ''] = (parameters[at] ?? '').split('=');
  // Without its token, a request only shows that it is refused. That is worth showing, but not often.
  const change =
    name === 'token' && !random.chance(0.1) ? 'add' : random.pick(['odd', 'drop', 'twice', 'add', 'encode']);
  const odd = () => (random.chance(0.1) ? randomBytes(random).toString('latin1') : oddText(random)).slice(0, 1_000);
  if (change === 'odd') parameters[at] = `${name}=${odd()}`;
  else if (change === 'drop') parameters.splice(at, 1);
  else if (change === 'twice') parameters.push(`${name}=${odd()}`);
  else if (change === 'add')
    parameters.push(`${random.pick([...PARAMETERS, ''])}${random.pick(['=', '', '=='])}${odd()}`);
  else
    parameters[at] = (parameters[at] ?? '').replace(/[a-z]/g, (letter) =>
      random.chance(0.2) ? hexOf(letter) : letter,
    );
  // Two tokens are one too many: the last one counts.
  if (change === 'add' && parameters.at(-1)?.startsWith('token') && random.chance(0.9)) parameters.pop();
}

function hexOf(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16)}`;
}

/** HTTP has room for visible ASCII alone. */
function encodeForHttp(query: string): string {
  return query.replace(/[^\x21-\x7e]|#/gu, (character) => encodeSafely(character));
}

function encodeSafely(character: string): string {
  try {
    return encodeURIComponent(character);
  } catch {
    return '%ed%a0%80';
  }
}

/** The operations that the service has, for a test that none was forgotten. */
export const KNOWN_OPERATIONS = Object.keys(routes);
