import type { DescMessage } from '@bufbuild/protobuf';
import type { Method, MethodInSteps } from '../rpc/method.ts';
import type { EnumAliases } from '../schema/json/lenient-scalar.ts';
import type { HttpAnswer } from './http-types.ts';
import { type AdminCall, type RpcRouteOptions, rpcRoute } from './route.ts';

/** What operations are about: each has its chapter in the description of the API. */
export type Topic = 'instances' | 'storage' | 'clusters' | 'tablets' | 'keys' | 'recycler';

/** The HTTP method that the document sends an operation with, or that befits it. Any other is taken as well. */
export type Verb = 'GET' | 'PUT' | 'POST';

/** A parameter of a query. */
export interface Parameter {
  readonly name: string;
  readonly about: string;
  readonly required?: boolean;
  /** A text, unless it is a number or one of these texts. */
  readonly type?: 'integer' | 'boolean' | readonly string[];
  /** Whether it is taken as it was sent, percent signs and all. */
  readonly raw?: boolean;
}

/** The body of an operation: a message in JSON, and what of it the operation looks at. */
export interface BodyShape {
  readonly schema: DescMessage;
  /**
   * The fields, each once, by their names in the schema: `instance_id! cluster{cluster_name nodes{ip}}`. One with `!` must
   * be there, or the call is refused; of a message without braces every field counts.
   */
  readonly fields: string;
  readonly aliases?: EnumAliases | undefined;
  readonly numbersAsText?: ReadonlySet<string> | undefined;
}

/**
 * What an operation answers when it has gone well: `status` is `{"code", "msg"}`, `result` such an object with one of these
 * messages in it, or with some other object. A `text` is a text, or what `json` says for callers that accept JSON.
 */
export type Shown =
  | { readonly kind: 'status' }
  | { readonly kind: 'result'; readonly messages: readonly DescMessage[] }
  | { readonly kind: 'object' }
  | { readonly kind: 'bare object' }
  | { readonly kind: 'text'; readonly json?: Shown };

/** What is told of an operation: whatever describes the API to people or programs is made from it. */
export interface OperationFacts {
  readonly topic: Topic;
  /** What it does, in one sentence. */
  readonly about: string;
  readonly verb: Verb;
  readonly parameters?: readonly Parameter[];
  readonly body?: BodyShape;
  readonly shown: Shown;
}

/** An operation of an API of operators: what it is, and what serves it. */
export interface Operation<Call> extends OperationFacts {
  readonly answer: (call: Call) => HttpAnswer | Promise<HttpAnswer>;
}

export type AdminOperation = Operation<AdminCall>;

export const STATUS: Shown = { kind: 'status' };

interface RpcFacts {
  readonly topic: Topic;
  readonly about: string;
  readonly verb?: Verb;
  readonly fields: string;
  /** Without it, the status alone. */
  readonly shown?: Shown;
}

/** An operation whose body is a request of a method of the service, in JSON. */
export function rpcOperation<Request extends DescMessage, Response extends DescMessage>(
  method: Method<Request, Response> | MethodInSteps<Request, Response>,
  { topic, about, verb = 'PUT', fields, shown = STATUS }: RpcFacts,
  options: RpcRouteOptions<Request, Response> = {},
): AdminOperation {
  const { aliases, numbersAsText } = options;
  const body = { schema: method.request, fields, aliases, numbersAsText };
  return { topic, about, verb, body, shown, answer: rpcRoute(method, options) };
}
