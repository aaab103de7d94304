import type { DescMethod } from '@bufbuild/protobuf';
import type { AdminReply } from './admin-reply.ts';
import { type AdminTarget, callAdmin } from './call-admin.ts';
import { type Answer, callMethod, type Target } from './call-method.ts';
import { type AdminOptions, type CallOptions, type ClientSettings, timeoutMs } from './client-options.ts';
import { Rotation } from './endpoints.ts';
import { GrpcTransport } from './grpc/grpc-transport.ts';
import { HttpTransport } from './http-transport.ts';
import { Patience } from './patience.ts';

/** The connections of a client to its endpoints, and the calls that wait for them. */
export class Connections {
  readonly #settings: ClientSettings;
  readonly #admin: Rotation<AdminTarget>;
  readonly #rpc: Rotation<Target>;
  readonly #waiting = new Set<Patience>();
  #closed = false;

  constructor(settings: ClientSettings) {
    const { endpoints, transport } = settings;
    this.#settings = settings;
    const http = endpoints.map((one) => ({ name: one.text, transport: new HttpTransport(one, settings) }));
    this.#admin = new Rotation(http);
    this.#rpc =
      transport === 'http'
        ? this.#admin
        : new Rotation(endpoints.map((one) => ({ name: one.text, transport: new GrpcTransport(one, settings) })));
  }

  call(method: DescMethod, request: Readonly<Record<string, unknown>>, options: CallOptions = {}): Promise<Answer> {
    const { refusals = this.#settings.refusals, retry = this.#settings.retry } = options;
    return this.#wait(options, (patience) => callMethod(this.#rpc, method, request, { patience, refusals, retry }));
  }

  admin(operation: string, body: object | undefined, options: AdminOptions = {}): Promise<AdminReply> {
    const { token } = this.#settings;
    const { query, service = 'MetaService', retry = this.#settings.retry } = options;
    return this.#wait(options, (patience) =>
      callAdmin(this.#admin, { service, operation, token, body, query, patience, retry }),
    );
  }

  close(): void {
    this.#closed = true;
    for (const patience of this.#waiting) patience.end('cancelled');
    for (const { transport } of [...this.#admin.all, ...this.#rpc.all]) transport.close();
  }

  async #wait<Result>(
    { timeout_ms = this.#settings.timeout_ms, signal }: Pick<CallOptions, 'timeout_ms' | 'signal'>,
    call: (patience: Patience) => Promise<Result>,
  ): Promise<Result> {
    const patience = new Patience(timeoutMs('timeout_ms', timeout_ms), signal);
    if (this.#closed) patience.end('cancelled');
    this.#waiting.add(patience);
    try {
      return await call(patience);
    } finally {
      patience.dispose();
      this.#waiting.delete(patience);
    }
  }
}
