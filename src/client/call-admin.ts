import type { AdminReply } from './admin-reply.ts';
import { AdminError, type CallFacts } from './client-error.ts';
import type { Rotation } from './endpoints.ts';
import { Failure, failureOfStatus } from './failure.ts';
import type { HttpReply, HttpTransport } from './http-transport.ts';
import type { Patience } from './patience.ts';
import { type Attempt, withRetries } from './retry.ts';
import { secretsIn, withoutSecrets } from './secrets.ts';

export interface AdminTarget {
  readonly name: string;
  readonly transport: HttpTransport;
}

export interface AdminCall {
  readonly service: 'MetaService' | 'RecyclerService';
  readonly operation: string;
  readonly token: string;
  /** Sent as JSON, int64 fields as texts. Without one, the operation is asked for with a GET. */
  readonly body?: object | undefined;
  readonly query?: Readonly<Record<string, string | number | bigint>> | undefined;
  readonly patience: Patience;
  readonly retry: boolean;
}

const WRONG_TOKEN = 403;

/** Operations that only read, and may be repeated. Any other may be told twice that it was done already, as an error. */
const READS: ReadonlySet<string> = new Set([
  'get_instance',
  'get_obj_store_info',
  'show_storage_vaults',
  'get_stage',
  'get_cluster',
  'get_cluster_status',
  'get_tablet_stats',
  'get_value',
  'decode_key',
  'encode_key',
  'show_meta_ranges',
  'list_instances',
  'list_txns',
  'scan_keys',
  'recycle_job_info',
  'check_job_info',
  'statistics_recycle',
]);

/** Operations that answer with a text, where any other answers with JSON that has a code. */
export const ANSWER_TEXTS: ReadonlySet<string> = new Set([
  'encode_key',
  'decode_key',
  'get_value',
  'get_tablet_stats',
  'fix_tablet_stats',
  'abort_txn',
  'abort_tablet_job',
]);

/**
 * Calls an operation of the admin API, by its name with or without `v1/`.
 *
 * @throws {ClientError}
 */
export function callAdmin(targets: Rotation<AdminTarget>, call: AdminCall): Promise<AdminReply> {
  const { service, operation, token, body, patience, retry } = call;
  const ofRecycler = service === 'RecyclerService';
  const path = pathOf(call);
  const text = body === undefined ? undefined : JSON.stringify(body, bigintAsText);
  const request = {
    ...({ method: text === undefined ? 'GET' : 'POST', path } as const),
    ...(ofRecycler && { accept: 'application/json' }),
    ...(text !== undefined && { content_type: 'application/json', body: text }),
  };
  const mask = (said: string) => withoutSecrets(said, [token, ...secretsIn(body), ...secretsIn(call.query)]);

  const attempt = async ({ transport }: AdminTarget): Promise<Attempt<AdminReply>> => {
    const reply = await transport.exchange(request, patience);
    const said = ofRecycler ? readRecyclerReply(reply) : readReply(reply);
    if (reply.status === 200) {
      mustBeOfService(reply, said, call);
      return { result: { result: said.result, text: said.text } };
    }
    const { code } = said;
    if (reply.status === WRONG_TOKEN)
      return refused('FORBIDDEN', 'the token is not the one of the service', reply.status);
    // An answer of the listener, not of the operation: it was not begun.
    if (code === undefined || reply.status === 503 || reply.status === 413)
      throw failureOfStatus(reply.status, said.msg ?? said.text);
    return refused(code, mask(said.msg ?? ''), reply.status);
  };
  const repeatable = READS.has(nameOf(operation));
  return withRetries(targets, { method: operation, patience, retry, repeatable, attempt, mask });
}

/** What answers may be no Meta Service at all, but a proxy, say: its page must not be taken for that something was done. */
function mustBeOfService({ content_type }: HttpReply, { text, code }: Said, { service, operation }: AdminCall): void {
  const isPage = /^text\/html\b/i.test(content_type) || /^\s*</.test(text);
  const mayBeText = service === 'RecyclerService' || ANSWER_TEXTS.has(nameOf(operation));
  if (!isPage && (mayBeText || code === 'OK')) return;
  const what = isPage ? 'a page of HTML' : 'what is no answer of a Meta Service';
  throw new Failure('protocol', `answered with ${what}`, { maybe_executed: true });
}

function nameOf(operation: string): string {
  return operation.replace(/^v1\//, '');
}

function refused(code: string, msg: string, status: number): Attempt<AdminReply> {
  const refuse = (facts: CallFacts): never => {
    throw new AdminError(code, msg, status, facts);
  };
  return { refused: refuse, passing: false, maybe_executed: false };
}

function pathOf({ service, operation, token, query = {} }: AdminCall): string {
  const given = Object.entries(query).map(([name, value]) => [name, String(value)]);
  // Not URLSearchParams alone, whose plus signs the service may take for what they are.
  const parameters = [['token', token], ...given].map((pair) =>
    pair.map((part) => encodeURIComponent(part ?? '')).join('='),
  );
  const name = operation.split('/').map(encodeURIComponent).join('/');
  return `/${service}/http/${name}?${parameters.join('&')}`;
}

function bigintAsText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

interface Said {
  readonly text: string;
  readonly code?: string | undefined;
  readonly msg?: string | undefined;
  readonly result?: AdminReply['result'];
}

function readReply({ body }: HttpReply): Said {
  const text = body.toString('utf8');
  const json = objectIn(text);
  if (json === undefined) return { text };
  const { code, msg, result } = json;
  return {
    text,
    code: typeof code === 'string' ? code : undefined,
    msg: typeof msg === 'string' ? msg : undefined,
    result: typeof result === 'object' && result !== null ? (result as AdminReply['result']) : undefined,
  };
}

/** The recycler's words for what happened are the HTTP statuses alone. */
function readRecyclerReply({ status, body }: HttpReply): Said {
  const text = body.toString('utf8');
  if (status === 200) return { text, result: objectIn(text) };
  return { text, code: CODES.get(status), msg: text.trim().slice(0, LONGEST_MESSAGE) };
}

const CODES: ReadonlyMap<number, string> = new Map([
  [400, 'INVALID_ARGUMENT'],
  [404, 'NOT_FOUND'],
  [409, 'ALREADY_EXISTED'],
  [500, 'INTERNAL_ERROR'],
]);
const LONGEST_MESSAGE = 2_000;

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : undefined;
}
