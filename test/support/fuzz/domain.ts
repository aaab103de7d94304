import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import { Admin } from '../../../src/admin/admin.ts';
import type { HttpAnswer, HttpCall } from '../../../src/admin/http-types.ts';
import { readFlags } from '../../../src/config/flags.ts';
import { loadSettings } from '../../../src/config/load.ts';
import { DEFAULT_ENCRYPTION_KEY, type Settings } from '../../../src/config/settings.ts';
import type { EmbeddedStore } from '../../../src/kv/embedded/store.ts';
import type { MetaServices } from '../../../src/meta/call.ts';
import { findInstance } from '../../../src/meta/instance/instance-record.ts';
import { createMetaServices } from '../../../src/meta/meta-services.ts';
import { Keyring } from '../../../src/meta/secrets/keyring.ts';
import type { Answer } from '../../../src/rpc/answer.ts';
import { CallCounts } from '../../../src/rpc/call-counts.ts';
import { CallWatch } from '../../../src/rpc/call-watch.ts';
import type { Method, MethodInSteps } from '../../../src/rpc/method.ts';
import { methods } from '../../../src/rpc/methods.ts';
import { Runner } from '../../../src/rpc/runner.ts';
import type { InstanceInfoPB } from '../../../src/schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../../src/schema/gen/cloud/status_pb.ts';
import { temporaryStore } from '../kv/temporary-store.ts';
import { loggerTo } from '../logger-to.ts';

export interface DomainOptions {
  readonly settings?: Partial<Settings>;
  /** Seconds since 1970, as the domain sees them. */
  readonly now?: () => number;
}

export interface AdminReply {
  readonly status: number;
  readonly code: string;
  readonly msg: string;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** The domain on a store of its own, called without HTTP. */
export interface Domain {
  readonly store: EmbeddedStore;
  readonly services: MetaServices;
  readonly log: string[];
  /** Calls a method as an RPC, and resolves to its response. */
  call<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageInitShape<Request>,
  ): Promise<Answer<Response>>;
  /** As `call`, to "CODE message", "OK" when all went well. */
  status<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageInitShape<Request>,
  ): Promise<string>;
  /** Calls an operation of the admin API; for those without a body, with parameters. */
  admin(operation: string, body: unknown, query?: string): Promise<AdminReply>;
  /** As `admin`, for answers that may be no JSON. */
  adminAnswer(operation: string, body: unknown, headers?: HttpCall['headers'], query?: string): Promise<HttpAnswer>;
  /** The stored record of an instance that must be there. */
  instance(instanceId: string): Promise<InstanceInfoPB>;
  version(): Promise<bigint>;
  dispose(): Promise<void>;
}

const TOKEN = 'token';

/** Opens a new store, with the services on it. */
export async function openDomain(options: DomainOptions = {}): Promise<Domain> {
  const temporary = await temporaryStore();
  const domain = await domainOn(temporary.store, options);
  const dispose = async () => {
    await domain.dispose();
    await temporary.dispose();
  };
  return { ...domain, dispose };
}

/** As `openDomain`, with an instance `i` in it, which has nothing yet. */
export async function openInstance(options: DomainOptions = {}): Promise<Domain> {
  const domain = await openDomain(options);
  const status = await domain.status(rpc.create_instance, { instanceId: 'i' });
  if (status !== 'OK') throw new Error(status);
  return domain;
}

/** The services, as another process on the same store would have them. */
export async function domainOn(
  store: EmbeddedStore,
  { settings: given = {}, now }: DomainOptions = {},
): Promise<Domain> {
  const settings: Settings = { ...loadSettings(readFlags([]), {}).settings, http_token: TOKEN, ...given };
  const log: string[] = [];
  const logger = loggerTo((line) => void log.push(line));
  const keyring = new Keyring({ ...settings, default_key: DEFAULT_ENCRYPTION_KEY });
  await keyring.install(store);
  const now_ms = now === undefined ? Date.now : () => now() * 1000;
  const services = createMetaServices({ store, keyring, logger, settings, now_ms });
  const runner = new Runner({
    store,
    services,
    logger,
    watch: new CallWatch({ logger, counts: new CallCounts(200), slow_call_ms: 0 }),
  });
  const admin = new Admin({ ...settings, runner, store });

  const call: Domain['call'] = (method, request) => runner.run(method, create(method.request, request));
  const adminAnswer: Domain['adminAnswer'] = (operation, body, headers = {}, query = '') => {
    const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
    const signal = new AbortController().signal;
    const httpCall = { method: 'PUT', path: '', headers, remote: '', local: '', signal, body: Buffer.from(text) };
    return admin.answer({ ...httpCall, query: `token=${TOKEN}&${query}` }, operation);
  };
  return {
    store,
    services,
    log,
    call,
    async status(method, request) {
      const { code, msg } = (await call(method, request)).status;
      return code === MetaServiceCode.OK ? 'OK' : `${MetaServiceCode[code]} ${msg}`;
    },
    adminAnswer,
    async admin(operation, body, query) {
      // Some operations answer in text to whoever doesn't ask for JSON.
      const { status, body: answer } = await adminAnswer(operation, body, { accept: 'application/json' }, query);
      return { status, ...JSON.parse(answer.toString()) };
    },
    async instance(instanceId) {
      const found = await store.transact((txn) => findInstance(txn, instanceId));
      if (!found) throw new Error(`there is no instance ${instanceId}`);
      return found;
    },
    version: () => store.transact((txn) => txn.readVersion()),
    dispose: () => services.lazyCommits.stop(),
  };
}

/** The methods, for tests beside the domain's files, which know nothing of the room that lists them. */
export const rpc = methods;

/** Expects a call to be answered with a status, and to write nothing. */
export async function unchanged(domain: Domain, status: Promise<string>, expected: string): Promise<void> {
  const before = await domain.version();
  expect(await status).toBe(expected);
  expect(await domain.version()).toBe(before);
}
