import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import type { Store } from '../kv/store.ts';
import { MetaError } from '../meta/meta-error.ts';
import type { Answer } from '../rpc/answer.ts';
import type { Method, MethodBody, MethodInSteps } from '../rpc/method.ts';
import type { Rules, Runner } from '../rpc/runner.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { decodeUtf8 } from '../schema/json/decode-utf8.ts';
import { JsonError } from '../schema/json/json-error.ts';
import type { EnumAliases } from '../schema/json/lenient-scalar.ts';
import { type Leniency, readProtobufJson } from '../schema/json/read-protobuf-json.ts';
import { writeProtobufJson } from '../schema/json/write-protobuf-json.ts';
import { writeTextFormat } from '../schema/text/write-text-format.ts';
import type { HttpAnswer } from './http-types.ts';
import type { Query } from './query.ts';
import { adminCode, jsonReply, textReply } from './reply.ts';

/** An admin call with what serves it. */
export interface AdminCall {
  /** As in the path: `v1/get_cluster`. */
  readonly operation: string;
  readonly query: Query;
  readonly body: Buffer;
  readonly runner: Runner;
  readonly store: Store;
  /** Whether the document's rules hold, or only those of the reference. */
  readonly documentRules: boolean;
  /** Whether the caller's `Accept` names JSON, for the operations that the document answers in text. */
  readonly acceptsJson: boolean;
}

/** What serves an operation. */
export type Route = (call: AdminCall) => HttpAnswer | Promise<HttpAnswer>;

export interface RpcRouteOptions<Request extends DescMessage, Response extends DescMessage> {
  /** Fields that the operation itself decides. */
  readonly fixed?: Partial<MessageShape<Request>>;
  /** What is left out of a request, the document takes for granted. */
  readonly complete?: (request: MessageShape<Request>) => void;
  /** The document's rules for the operation. */
  readonly rules?: Rules<Request>;
  /** What serves the operation by the document's rules, where that is not what serves the method. */
  readonly run?: MethodBody<Request, Response>;
  /** Other names that the document has for the values of enums. */
  readonly aliases?: EnumAliases;
  /** Fields of text, by their full names, that the document's examples have numbers for. */
  readonly numbersAsText?: ReadonlySet<string>;
  /** How the response is shown. Without it, only its status is. */
  readonly show?: (
    schema: Response,
    response: Answer<Response>,
    request: MessageShape<Request>,
    call: AdminCall,
  ) => HttpAnswer;
}

/** A route whose body is a request of a method of the service, in JSON. */
export function rpcRoute<Request extends DescMessage, Response extends DescMessage>(
  method: Method<Request, Response> | MethodInSteps<Request, Response>,
  options: RpcRouteOptions<Request, Response> = {},
): Route {
  const { fixed, complete, rules, aliases, numbersAsText, run, show = showStatus } = options;
  const byDocument = run === undefined ? method : { ...method, run };
  return async (call) => {
    const document = call.documentRules;
    const leniency = document ? { enumAliases: aliases, numbersAsText } : {};
    const request = readBody(method.request, call, leniency, complete === undefined);
    Object.assign(request, fixed);
    if (document) complete?.(request);
    const response = await (document
      ? call.runner.run(byDocument, request, { rules })
      : call.runner.run(method, request));
    return show(method.response, response, request, call);
  };
}

/** `{"code", "msg"}`. */
export function showStatus<Response extends DescMessage>(_schema: Response, { status }: Answer<Response>): HttpAnswer {
  return jsonReply(adminCode(status.code), status.msg);
}

/** The status in protobuf's text format, as the document shows it: failures, and callers that accept JSON, get `{"code", "msg"}`. */
export function showStatusAsText<Response extends DescMessage>(
  schema: Response,
  response: Answer<Response>,
  _request: unknown,
  { acceptsJson }: Pick<AdminCall, 'acceptsJson'>,
): HttpAnswer {
  const { status } = response;
  if (status.code !== MetaServiceCode.OK || acceptsJson) return showStatus(schema, response);
  return textReply(200, writeTextFormat(schema, create(schema, { status } as unknown as MessageInitShape<Response>)));
}

/** `{"code", "msg", "result"}` with the whole response, its status included, also of a failure. */
export function showResponse<Response extends DescMessage>(schema: Response, response: Answer<Response>): HttpAnswer {
  const { code, msg } = response.status;
  return jsonReply(adminCode(code), msg, writeProtobufJson(schema, response));
}

function readBody<Request extends DescMessage>(
  schema: Request,
  { operation, body, documentRules }: AdminCall,
  leniency: Leniency,
  providerIsRequired: boolean,
): MessageShape<Request> {
  const refuse = (why: string) =>
    new MetaError(MetaServiceCode.PROTOBUF_PARSE_ERR, `parse http request '${operation}': ${why}`);
  try {
    const { message, unknownEnums } = readProtobufJson(schema, decodeUtf8(body), leniency);
    // A provider that is required is found missing by the call, in the words of the reference.
    const decisive = documentRules && unknownEnums.find((path) => !providerIsRequired || !path.endsWith('provider'));
    if (decisive) throw refuse(`${decisive} has a value that is not one of its names or numbers`);
    return message;
  } catch (error) {
    if (error instanceof JsonError) throw refuse(error.message);
    throw error;
  }
}
