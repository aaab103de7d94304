import { create, type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { HttpAnswer, HttpCall } from '../../admin/http-types.ts';
import { type Awaitable, attempt, whenThere } from '../../awaitable.ts';
import { originOf } from '../../rpc/call-origin.ts';
import type { Runner } from '../../rpc/runner.ts';
import type { Service } from '../../rpc/service.ts';
import { BinaryError, readBinary } from '../../schema/binary/read-binary.ts';
import { decodeUtf8 } from '../../schema/json/decode-utf8.ts';
import { JsonError } from '../../schema/json/json-error.ts';
import { readBrpcJson } from '../../schema/json/read-brpc-json.ts';
import { brpcJsonPieces, shortBrpcJson } from '../../schema/json/write-brpc-json.ts';
import { bodyOf } from './answer-body.ts';

/** The codes that brpc puts before what it says of a request that it can't serve. */
const NO_METHOD = 'E1002';
const BAD_REQUEST = 'E1003';

/** The content types of messages in protobuf's binary form. Everything else is JSON, whatever it calls itself. */
const BINARY = /^application\/(?:proto|x-protobuf)\s*(?:;|$)/i;

/** How messages stand in bodies. */
interface Codec {
  /** @throws {JsonError | BinaryError} */
  read<Desc extends DescMessage>(schema: Desc, body: Buffer): MessageShape<Desc>;
  write<Desc extends DescMessage>(
    schema: Desc,
    message: MessageShape<Desc>,
  ): HttpAnswer['body'] | Promise<HttpAnswer['body']>;
}

const json: Codec = {
  read: (schema, body) => readBrpcJson(schema, decodeUtf8(body)),
  write: (schema, message) => shortBrpcJson(schema, message) ?? bodyOf(brpcJsonPieces(schema, message)),
};

const binary: Codec = {
  read: readBinary,
  write: (schema, message) => asBuffer(toBinary(schema, message)),
};

/**
 * Methods as RPCs over HTTP, `POST /MetaService/<method>`, as brpc serves them: JSON or binary messages in, the same out,
 * and HTTP 200 for every request that reached its method, whatever came of it.
 */
export class HttpRpc {
  readonly #runner: Runner;

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  /** Answers a call; `name` is what its path has behind the service's name. */
  answer(call: HttpCall, service: Service, name: string): Awaitable<HttpAnswer> {
    if (name === '') return failure(call, 404, NO_METHOD, missingName(call, service));
    const method = service.methods.get(name);
    if (!method) return failure(call, 404, NO_METHOD, `Fail to find method on \`${call.path}'`);
    const contentType = call.headers['content-type'];
    const codec = contentType !== undefined && BINARY.test(contentType) ? binary : json;
    const request = readRequest(codec, method.request, call);
    if (typeof request === 'string') {
      return failure(call, 400, BAD_REQUEST, `Fail to parse http body as ${method.request.typeName}, ${request}`);
    }
    let sent: (() => void) | undefined;
    const untilSent = (release: () => void) => {
      sent = release;
    };
    const encode = (answer: MessageShape<DescMessage>) => codec.write(method.response, answer);
    const origin = originOf(call.headers);
    return attempt<HttpAnswer>(
      () =>
        whenThere(this.#runner.serve(method, request, encode, { untilSent, origin }), (body) => {
          return { status: 200, contentType, body, sent };
        }),
      (error) => {
        sent?.();
        throw error;
      },
    );
  }
}

/** The request, or what is wrong with it. A body that is empty, or comes with a GET, is an empty request. */
function readRequest(
  codec: Codec,
  schema: DescMessage,
  { method, body }: HttpCall,
): MessageShape<DescMessage> | string {
  if (method === 'GET' || body.length === 0) return create(schema);
  try {
    return codec.read(schema, body);
  } catch (error) {
    if (error instanceof JsonError || error instanceof BinaryError) return error.message;
    throw error;
  }
}

/** What there is to call, for whoever asks for the service alone. */
function missingName({ path }: HttpCall, { methods, desc }: Service): string {
  const lines = [...methods.values()].map(
    ({ name, request, response }) => `rpc ${name} (${request.name}) returns (${response.name});\n`,
  );
  const asked = path.replace(/^\/+|\/+$/g, '') === desc.typeName ? desc.typeName : desc.name;
  return `Missing method name for service=${asked}. Available methods are: \n\n${lines.join('')}`;
}

function failure(call: HttpCall, status: number, code: string, message: string): HttpAnswer {
  return { status, contentType: 'text/plain', body: `[${call.local}][${code}]${message}` };
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
