import type { DescMessage, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { MetaService } from '../schema/gen/cloud/meta_service_pb.ts';
import { RecyclerService } from '../schema/gen/cloud/recycler_pb.ts';
import { MetaServiceCode, type MetaServiceResponseStatus } from '../schema/gen/cloud/status_pb.ts';
import type { AdminReply } from './admin-reply.ts';
import { AdminError, ClientError, type ErrorKind, ServiceError } from './client-error.ts';
import { type AdminOptions, type CallOptions, type ClientOptions, settingsOf } from './client-options.ts';
import { Connections } from './connections.ts';

// What users of the package need beside the client. The messages are at `nereus/schema/<file>_pb`.
export {
  AdminError,
  type AdminOptions,
  type AdminReply,
  type CallOptions,
  ClientError,
  type ClientOptions,
  type ErrorKind,
  MetaServiceCode,
  ServiceError,
};

type Methods<Service extends DescService> = Omit<Service['method'], 'http'>;
type Schemas = { readonly input: DescMessage; readonly output: DescMessage };

/** A method of a service: takes a request as `create` does, and resolves with the response. Rejects with a ClientError. */
export type Rpc<Method> = Method extends Schemas
  ? (
      request: MessageInitShape<Method['input']>,
      options?: CallOptions,
    ) => Promise<MessageShape<Method['output']> & { readonly status: MetaServiceResponseStatus }>
  : never;

/** The methods of a service, by their names on the wire. `http`, which stands for the admin API, is none of them. */
export type Rpcs<Service extends DescService> = {
  readonly [Name in keyof Methods<Service>]: Rpc<Methods<Service>[Name]>;
};

/** A Meta Service, for whoever calls it. */
export interface Client extends Rpcs<typeof MetaService> {
  readonly recycler: Rpcs<typeof RecyclerService>;
  /**
   * Calls an operation of the admin API, `add_cluster` for one, with this body as JSON, or with a GET when there is none.
   * Rejects with an AdminError when the service refuses, and with another ClientError when it gives no answer.
   */
  admin(operation: string, body?: object, options?: AdminOptions): Promise<AdminReply>;
  /** Ends the connections. Calls that wait are cancelled, and so are later ones. */
  close(): void;
}

/** Makes a client, which connects when it is first used. Throws a TypeError for options that can't be. */
export function createClient(options: ClientOptions): Client {
  const connections = new Connections(settingsOf(options));
  return {
    ...rpcsOf(MetaService, connections),
    recycler: rpcsOf(RecyclerService, connections),
    admin: (operation, body, options) => connections.admin(operation, body, options),
    close: () => connections.close(),
  };
}

function rpcsOf<Service extends DescService>(service: Service, connections: Connections): Rpcs<Service> {
  const methods = service.methods.filter(({ name }) => name !== 'http');
  const calls = methods.map((method) => [
    method.name,
    (request: Readonly<Record<string, unknown>>, options?: CallOptions) => connections.call(method, request, options),
  ]);
  // What each of them takes and answers is what its descriptor says, from which its type is made as well.
  return Object.fromEntries(calls) as Rpcs<Service>;
}
