import { create, type DescMethod, type Message, toBinary } from '@bufbuild/protobuf';
import { isFieldError } from '@bufbuild/protobuf/reflect';
import { readBinary } from '../schema/binary/read-binary.ts';
import { MetaServiceCode, type MetaServiceResponseStatus } from '../schema/gen/cloud/status_pb.ts';
import { type CallFacts, ClientError, ServiceError } from './client-error.ts';
import type { Refusals } from './client-options.ts';
import type { Rotation } from './endpoints.ts';
import { Failure } from './failure.ts';
import type { Patience } from './patience.ts';
import { adviceOf, isRepeatable, wasDoneBefore } from './repeatable.ts';
import { type Attempt, withRetries } from './retry.ts';
import { secretsOf, withoutSecrets } from './secrets.ts';
import type { Transport, WireMethod } from './transport.ts';

/** A response of the service, which has a status. */
export type Answer = Message & { readonly status: MetaServiceResponseStatus };

export interface Target {
  readonly name: string;
  readonly transport: Transport;
}

export interface MethodCall {
  readonly patience: Patience;
  readonly refusals: Refusals;
  readonly retry: boolean;
}

/**
 * Calls a method with a request as `create` takes it.
 *
 * @throws {ClientError}
 */
export function callMethod(
  targets: Rotation<Target>,
  method: DescMethod,
  init: Readonly<Record<string, unknown>>,
  { patience, refusals, retry }: MethodCall,
): Promise<Answer> {
  const { name, input, parent } = method;
  const { request, encoded } = encode(method, init);
  const wire: WireMethod = { name, service: parent.name, full_service: parent.typeName };
  const mask = (text: string) => withoutSecrets(text, secretsOf(input, request));
  const repeatable = isRepeatable(name, request);

  const refused = (answer: Answer) => (facts: CallFacts) => {
    if (refusals === 'return') return answer;
    throw new ServiceError(answer.status.code, mask(answer.status.msg), answer, facts);
  };
  const attempt = async ({ transport }: Target, again: boolean): Promise<Attempt<Answer>> => {
    const answer = decode(method, await transport.call(wire, encoded, patience));
    const { code } = answer.status;
    if (code === MetaServiceCode.OK) return { result: answer };
    if (again && wasDoneBefore(name, code, answer)) {
      answer.status.code = MetaServiceCode.OK;
      return { result: answer };
    }
    const advice = adviceOf(code);
    return { refused: refused(answer), passing: advice !== undefined, maybe_executed: advice === 'uncertain' };
  };
  return withRetries(targets, { method: name, patience, retry, repeatable, attempt, mask });
}

function encode(
  { name, input }: DescMethod,
  init: Readonly<Record<string, unknown>>,
): { request: Message; encoded: Uint8Array } {
  try {
    const request = create(input, init);
    return { request, encoded: toBinary(input, request) };
  } catch (error) {
    // What was given, and can't be encoded, may be a secret: the error says no more than where it stands.
    const place = isFieldError(error) ? `${error.field().parent.typeName}.${error.field().name}` : input.typeName;
    const facts = { method: name, attempts: 0, maybe_executed: false };
    throw new ClientError('bad_request', `the request can't be encoded: see what it has for ${place}`, facts);
  }
}

/** @throws {Failure} for what is no response of the method. */
function decode({ output }: DescMethod, encoded: Uint8Array): Answer {
  let response: Message & { readonly status?: MetaServiceResponseStatus };
  try {
    response = readBinary(output, encoded);
  } catch {
    throw new Failure('protocol', `the answer is no ${output.typeName}`, { maybe_executed: true });
  }
  if (response.status) return response as Answer;
  throw new Failure('protocol', `the ${output.typeName} that came has no status`, { maybe_executed: true });
}
