import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { open, type RootDatabase } from 'lmdb';
import { readFlags } from '../../src/config/flags.ts';
import { loadSettings } from '../../src/config/load.ts';
import { DEFAULT_ENCRYPTION_KEY } from '../../src/config/settings.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import type { MetaServices } from '../../src/meta/call.ts';
import { createMetaServices } from '../../src/meta/meta-services.ts';
import { Keyring } from '../../src/meta/secrets/keyring.ts';
import { SILENT } from '../../src/observe/logger.ts';
import type { Answer } from '../../src/rpc/answer.ts';
import { CallCounts } from '../../src/rpc/call-counts.ts';
import { CallWatch } from '../../src/rpc/call-watch.ts';
import type { Method, MethodInSteps } from '../../src/rpc/method.ts';
import { methods } from '../../src/rpc/methods.ts';
import { Runner } from '../../src/rpc/runner.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import { INSTANCE_ID } from './tablets.ts';

export type BareLmdb = RootDatabase<Uint8Array, Uint8Array>;

/** The methods on a store of their own, called without HTTP, and a bare LMDB beside it on the same disk. */
export interface BenchDomain {
  /** Where the service would find the store, as `startService` takes it. */
  readonly dir: string;
  readonly store: EmbeddedStore;
  readonly services: MetaServices;
  readonly bare: BareLmdb;
  /** Calls a method. Throws unless the answer is OK. */
  call<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageInitShape<Request>,
  ): Promise<Answer<Response>>;
  /** Closes the store, and leaves the directory to a service. */
  close(): Promise<void>;
  dispose(): Promise<void>;
}

export async function openDomain(): Promise<BenchDomain> {
  const dir = await mkdtemp(join(tmpdir(), 'nereus-bench-'));
  const store = await openEmbeddedStore({ dir: join(dir, 'data'), exclusive: true });
  const bare: BareLmdb = open({
    path: join(dir, 'bare'),
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
  });
  const { settings } = loadSettings(readFlags([]), {});
  const keyring = new Keyring({ ...settings, default_key: DEFAULT_ENCRYPTION_KEY });
  await keyring.install(store);
  const services = createMetaServices({ store, keyring, logger: SILENT, settings });
  const runner = new Runner({
    store,
    services,
    logger: SILENT,
    watch: new CallWatch({ logger: SILENT, counts: new CallCounts(200), slow_call_ms: 0 }),
  });
  const call: BenchDomain['call'] = async (method, request) => {
    const answer = await runner.run(method, create(method.request, request));
    const { code, msg } = answer.status;
    if (code === MetaServiceCode.OK) return answer;
    throw new Error(`${method.name} was answered with ${MetaServiceCode[code]} ${msg}`);
  };
  await call(methods.create_instance, { instanceId: INSTANCE_ID, userId: 'bench', name: 'bench' });
  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await services.lazyCommits.stop();
    await store.close();
  };
  return {
    dir,
    store,
    services,
    bare,
    call,
    close,
    async dispose() {
      await close();
      await bare.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
