import { create, type MessageShape } from '@bufbuild/protobuf';
import { unknownInstance } from '../../meta/instance/instance-fault.ts';
import { MetaError } from '../../meta/meta-error.ts';
import { RecycleInstanceRequestSchema } from '../../schema/gen/cloud/recycler_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { decodeUtf8 } from '../../schema/json/decode-utf8.ts';
import { JsonError } from '../../schema/json/json-error.ts';
import { readProtobufJson } from '../../schema/json/read-protobuf-json.ts';
import type { HttpAnswer } from '../http-types.ts';
import { adminCode, statusOf } from '../reply.ts';
import { instanceOf, json, line, type RecyclerCall } from './recycler-call.ts';

/** How many things a dry run names, unless `limit` says it. */
const PLANNED = 1000;
const MOST_PLANNED = 100_000;

/** `recycle_instance`: has instances recycled soon; with `dry_run=true`, says what would go and why, and touches nothing. */
export async function recycleInstance(call: RecyclerCall): Promise<HttpAnswer> {
  const request = readRequest(call.body);
  if (call.query.decoded('dry_run') === 'true') return previewInstances(call, request.instanceIds);
  const method = call.service.methods.get('recycle_instance');
  if (method === undefined) throw new Error('the service of the recycler has no recycle_instance');
  const { status } = await call.runner.run(method, request);
  return line(statusOf(adminCode(status.code)), status.msg);
}

async function previewInstances(
  { recycler, query, signal }: RecyclerCall,
  ids: readonly string[],
): Promise<HttpAnswer> {
  const limit = Math.min(wholeNumber(query.decoded('limit')) ?? PLANNED, MOST_PLANNED);
  const instances: unknown[] = [];
  for (const instance_id of ids) {
    const preview = await recycler.preview(instance_id, limit, signal);
    if (preview === 'gone') throw unknownInstance(instance_id);
    const nothing = { instance_id, dry_run: true, would_go: 0, reason: 'an instance with its status is not recycled' };
    instances.push(preview === 'nothing' ? nothing : preview);
  }
  return json({ instances });
}

function readRequest(body: Buffer): MessageShape<typeof RecycleInstanceRequestSchema> {
  try {
    return create(
      RecycleInstanceRequestSchema,
      readProtobufJson(RecycleInstanceRequestSchema, decodeUtf8(body)).message,
    );
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const message = `failed to RecycleInstanceRequest, error: ${error.message}`;
    throw new MetaError(MetaServiceCode.PROTOBUF_PARSE_ERR, message);
  }
}

/** `recycle_copy_jobs`: runs this sweep alone for an instance, at once. */
export async function recycleCopyJobs(call: RecyclerCall): Promise<HttpAnswer> {
  const instance_id = instanceOf(call);
  switch (await call.recycler.recycleOnly(instance_id, 'recycle_copy_jobs')) {
    case 'begun':
      return line(200, 'OK');
    case 'gone':
      throw unknownInstance(instance_id);
    case 'full':
      return line(200, 'exceeded the concurrency limit');
    case 'hindered':
      return line(200, 'recycling is paused on this instance');
    case 'nothing':
      return line(200, 'an instance with its status has no copy jobs to recycle');
    default:
      return line(200, 'recycle_copy_jobs not yet finished on this instance');
  }
}

/** `adjust_rate_limiter`: sets how often each process may ask object storage; 0 is what the settings say. */
export async function adjustRateLimiter({ query, recycler }: RecyclerCall): Promise<HttpAnswer> {
  const kind = query.decoded('type');
  const [per_second, bucket_tokens, token_limit] = ['speed', 'burst', 'limit'].map((name) =>
    wholeNumber(query.decoded(name)),
  );
  const known = kind === 'get' || kind === 'put';
  if (!known || per_second === undefined || bucket_tokens === undefined || token_limit === undefined) {
    return line(400, 'argument not suitable');
  }
  await recycler.limitRequests(kind, { per_second, bucket_tokens, token_limit });
  return line(200, 'OK');
}

const NO_CHECK_META =
  'check meta not build: only Doris has it, in builds made for it, which log in to a frontend by MySQL and compare its catalog with the store; check_instance compares the store with itself and with object storage';

/** `check_meta`: Doris compares its store with the catalog of a frontend, where it was built to. Here nothing is asked of it. */
export function checkMeta({ query }: RecyclerCall): HttpAnswer {
  const needed = ['instance_id', 'host', 'port', 'user'].every((name) => query.decoded(name) !== '');
  if (!needed || query.get('password') === undefined) return line(400, 'no instance id or mysql conn str info');
  return line(501, NO_CHECK_META);
}

/** Up to the largest number that is told apart from its neighbours. */
function wholeNumber(text: string): number | undefined {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : undefined;
}
