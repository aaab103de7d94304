import { Agent, request } from 'node:http';
import { create, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { MetaService } from '../../../src/schema/gen/cloud/meta_service_pb.ts';
import { MetaServiceCode, type MetaServiceResponseStatus } from '../../../src/schema/gen/cloud/status_pb.ts';
import { readBrpcJson } from '../../../src/schema/json/read-brpc-json.ts';
import { writeBrpcJson } from '../../../src/schema/json/write-brpc-json.ts';

type Methods = typeof MetaService.method;
export type MethodName = Exclude<keyof Methods, 'http'>;
export type RequestOf<Name extends MethodName> = MessageInitShape<Methods[Name]['input']>;
export type AnswerOf<Name extends MethodName> = MessageShape<Methods[Name]['output']> & {
  readonly status: MetaServiceResponseStatus;
};

/** A call whose connection broke before its answer was here: nobody knows whether it was served. */
export class CallLost extends Error {
  override readonly name = 'CallLost';
}

/** Far longer than any call takes, so that only a hang is longer. */
const MOST_MS = 60_000;

/** Methods of a service as JSON over HTTP, typed by the schema. */
export class RpcClient {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #url: URL;

  constructor(base: string) {
    this.#url = new URL(base);
  }

  /** Rejects with a CallLost when the connection breaks, and with another error for an answer that is no answer. */
  async call<Name extends MethodName>(name: Name, init: RequestOf<Name>): Promise<AnswerOf<Name>> {
    const { input, output } = MetaService.method[name];
    const body = writeBrpcJson(input, create(input, init as MessageInitShape<typeof input>) as never);
    const answer = await this.#post(`/MetaService/${name}`, 'POST', body);
    if (answer.status !== 200) throw new Error(`${name} was answered with HTTP ${answer.status}: ${answer.text}`);
    return readBrpcJson(output, answer.text) as unknown as AnswerOf<Name>;
  }

  /** An operation of the admin API. Throws when it fails. */
  async admin(operation: string, token: string, body: unknown): Promise<void> {
    const answer = await this.#post(`/MetaService/http/${operation}?token=${token}`, 'PUT', JSON.stringify(body));
    if (answer.status !== 200) throw new Error(`${operation} was answered with HTTP ${answer.status}: ${answer.text}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(path: string, method: string, body: string): Promise<{ status: number; text: string }> {
    const { hostname: host, port } = this.#url;
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const lost = (cause: Error) => reject(new CallLost(`${path}: ${cause.message}`, { cause }));
      const sent = request({ host, port, method, path, headers, agent: this.#agent }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', lost);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
        );
      });
      sent.setTimeout(MOST_MS, () => {
        reject(new Error(`${path}: no answer in ${MOST_MS} ms`));
        sent.destroy();
      });
      sent.on('error', lost);
      sent.end(body);
    });
  }
}

/** An answer's code, as it is written. */
export function codeName({ status }: { readonly status: MetaServiceResponseStatus }): keyof typeof MetaServiceCode {
  return MetaServiceCode[status.code] as keyof typeof MetaServiceCode;
}
