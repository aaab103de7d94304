import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { type Client, ClientError, createClient } from '../../../src/client/client.ts';
import type { MetaService } from '../../../src/schema/gen/cloud/meta_service_pb.ts';
import { MetaServiceCode, type MetaServiceResponseStatus } from '../../../src/schema/gen/cloud/status_pb.ts';

type Methods = (typeof MetaService)['method'];
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

/** A service, asked once for everything: who calls here has to know what was lost, and asks again on its own. */
export class RpcClient {
  readonly #client: Client;

  constructor(private readonly base: string) {
    this.#client = createClient({ endpoints: base, retry: false, refusals: 'return', timeout_ms: MOST_MS });
  }

  /** Rejects with a CallLost when the connection breaks, and with another error for an answer that is no answer. */
  async call<Name extends MethodName>(name: Name, init: RequestOf<Name>): Promise<AnswerOf<Name>> {
    // Which method takes which request is lost to the compiler where the name is any of them.
    const method = this.#client[name] as unknown as (request: RequestOf<Name>) => Promise<AnswerOf<Name>>;
    try {
      return await method(init);
    } catch (error) {
      if (!(error instanceof ClientError) || error.kind !== 'unavailable') throw error;
      throw new CallLost(error.message, { cause: error });
    }
  }

  /** An operation of the admin API. Throws when it fails. */
  async admin(operation: string, token: string, body: unknown): Promise<void> {
    const client = createClient({ endpoints: this.base, token, retry: false });
    try {
      await client.admin(operation, body as object);
    } finally {
      client.close();
    }
  }

  close(): void {
    this.#client.close();
  }
}

/** An answer's code, as it is written. */
export function codeName({ status }: { readonly status: MetaServiceResponseStatus }): keyof typeof MetaServiceCode {
  return MetaServiceCode[status.code] as keyof typeof MetaServiceCode;
}
