import type { HttpAnswer, HttpCall } from '../admin/http-types.ts';
import { Query } from '../admin/query.ts';
import type { Store } from '../kv/store.ts';
import { StoreError } from '../kv/store-error.ts';
import { findInstance } from '../meta/instance/instance-record.ts';
import type { InstanceInfoPB } from '../schema/gen/cloud/instance_pb.ts';
import { Access } from './access.ts';
import { FrontendCode, refusal } from './envelope.ts';
import { askFrontends } from './frontends/ask-frontends.ts';
import type { Heartbeats } from './heartbeat/heartbeats.ts';
import { inOrder } from './in-order.ts';
import { readInstances } from './instances.ts';
import { frontendsOf, isLive } from './nodes.ts';
import { ShownInstances } from './shown-instances.ts';

export interface StatusPageOptions {
  readonly store: Store;
  /** The passwords of those who may see the page, by their names. */
  readonly users: ReadonlyMap<string, string>;
  readonly frontend_http_port: number;
  /** Of one frontend. */
  readonly frontend_timeout_ms: number;
  /** Who asks the backends; undefined where nobody does. */
  readonly heartbeats: Pick<Heartbeats, 'known'> | undefined;
}

/** Answers that are made at a time: each may hold the answers of several frontends. */
const MOST_AT_A_TIME = 8;
/** Instances whose frontends are asked at a time, for one answer. */
const INSTANCES_AT_A_TIME = 4;
/** How much longer than one frontend all of them may take. */
const TIMEOUTS_IN_ALL = 3;

/** Shows, as a frontend does, the backends of every compute cluster, and what each of them has going on. */
export class StatusPage {
  readonly #options: StatusPageOptions;
  readonly #access: Access;
  #answering = 0;

  constructor(options: StatusPageOptions) {
    this.#options = options;
    this.#access = new Access(options.users);
  }

  /** Answers a call for the page. Whatever it answers comes with HTTP 200, as from a frontend, unless there is no room for it. */
  async answer(call: HttpCall): Promise<HttpAnswer> {
    if (call.method !== 'GET' && call.method !== 'HEAD') {
      return refusal(FrontendCode.internal, `Request method '${call.method}' not supported`);
    }
    const admission = this.#access.admit(call.headers.authorization, addressOf(call.remote));
    if (admission.kind === 'refused') return refusal(FrontendCode.unauthorized, admission.why);
    if (this.#answering >= MOST_AT_A_TIME) return TOO_MANY;
    this.#answering++;
    try {
      return await this.#show(new Query(call.query).decoded('instance_id'), admission.authorization, call.signal);
    } catch (error) {
      if (error instanceof StoreError) return refusal(FrontendCode.internal, error.message);
      throw error;
    } finally {
      this.#answering--;
    }
  }

  async #show(instance_id: string, authorization: string, signal: AbortSignal): Promise<HttpAnswer> {
    const instances = await this.#instances(instance_id);
    if (instances.length === 0 && instance_id !== '') {
      return refusal(FrontendCode.not_found, `there is no instance ${JSON.stringify(instance_id)}`);
    }
    const known = (await this.#options.heartbeats?.known()) ?? new Map();
    const { frontend_http_port: port, frontend_timeout_ms: timeout_ms } = this.#options;
    const inAll = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUTS_IN_ALL * timeout_ms)]);
    const ask = (instance: InstanceInfoPB) => {
      const hosts = frontendsOf(instance);
      const asked = { port, authorization, timeout_ms, signal: inAll };
      return hosts.length === 0 ? undefined : askFrontends(hosts, asked);
    };
    const shown = new ShownInstances(known);
    const parts = inOrder(instances, INSTANCES_AT_A_TIME, async (instance) => ({
      instance,
      outcome: await ask(instance),
    }));
    for await (const { instance, outcome } of parts) shown.add(instance, outcome);
    return shown.answer();
  }

  async #instances(instance_id: string): Promise<readonly InstanceInfoPB[]> {
    return this.#options.store.transact(async (txn) => {
      const all: InstanceInfoPB[] = [];
      if (instance_id === '') {
        for await (const instance of readInstances(txn)) all.push(instance);
      } else {
        const instance = await findInstance(txn, instance_id, { snapshot: true });
        if (instance !== undefined) all.push(instance);
      }
      return all.filter(isLive);
    });
  }
}

const TOO_MANY: HttpAnswer = {
  ...refusal(
    FrontendCode.internal,
    `${MOST_AT_A_TIME} calls for the cluster status are being answered, try again later`,
  ),
  status: 503,
  headers: { 'retry-after': '1' },
};

/** `10.0.0.1:4711` as `10.0.0.1`. */
function addressOf(remote: string): string {
  return remote.slice(0, remote.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}
