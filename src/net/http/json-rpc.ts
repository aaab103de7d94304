import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import type { HttpAnswer, HttpCall } from '../../admin/http-types.ts';
import type { Method, MethodInSteps } from '../../rpc/method.ts';
import type { Runner } from '../../rpc/runner.ts';
import { decodeUtf8 } from '../../schema/json/decode-utf8.ts';
import { JsonError } from '../../schema/json/json-error.ts';
import { readBrpcJson } from '../../schema/json/read-brpc-json.ts';
import { writeBrpcJson } from '../../schema/json/write-brpc-json.ts';

/** The codes that brpc puts before what it says of a request that it can't serve. */
const NO_METHOD = 'E1002';
const BAD_REQUEST = 'E1003';

/**
 * Methods as RPCs over HTTP, `POST /MetaService/<method>`, as brpc serves them: JSON in, JSON out, and HTTP 200 for
 * every request that reached its method, whatever came of it.
 */
export class JsonRpc {
  readonly #runner: Runner;
  readonly #methods: ReadonlyMap<string, Method | MethodInSteps>;

  constructor(runner: Runner, methods: Readonly<Record<string, unknown>>) {
    this.#runner = runner;
    // Methods differ in their messages; what one method reads is what it runs with.
    this.#methods = new Map(Object.entries(methods as Readonly<Record<string, Method | MethodInSteps>>));
  }

  /** Answers a call; `name` is what its path has behind `/MetaService/`. */
  async answer(call: HttpCall, name: string): Promise<HttpAnswer> {
    const method = this.#methods.get(name);
    if (!method) return failure(call, 404, NO_METHOD, `Fail to find method on \`${call.path}'`);
    const request = readRequest(method.request, call);
    if (typeof request === 'string') {
      return failure(call, 400, BAD_REQUEST, `Fail to parse http body as ${method.request.typeName}, ${request}`);
    }
    const response = await this.#runner.run(method, request);
    return { status: 200, contentType: call.headers['content-type'], body: writeBrpcJson(method.response, response) };
  }
}

/** The request, or what is wrong with it. A body that is empty, or comes with a GET, is an empty request. */
function readRequest(schema: DescMessage, { method, body }: HttpCall): MessageShape<DescMessage> | string {
  if (method === 'GET' || body.length === 0) return create(schema);
  try {
    return readBrpcJson(schema, decodeUtf8(body));
  } catch (error) {
    if (error instanceof JsonError) return error.message;
    throw error;
  }
}

function failure(call: HttpCall, status: number, code: string, message: string): HttpAnswer {
  return { status, contentType: 'text/plain', body: `[${call.local}][${code}]${message}` };
}
