import type { DescService, Message } from '@bufbuild/protobuf';
import { Admin } from '../admin/admin.ts';
import type { HttpHandler } from '../admin/http-types.ts';
import { RecyclerAdmin } from '../admin/recycling/recycler-admin.ts';
import { DEFAULT_ENCRYPTION_KEY, type Settings } from '../config/settings.ts';
import type { Store } from '../kv/store.ts';
import type { MetaServices } from '../meta/call.ts';
import { createMetaServices } from '../meta/meta-services.ts';
import { Keyring } from '../meta/secrets/keyring.ts';
import { BinaryRpc } from '../net/binary-rpc.ts';
import { HttpRpc } from '../net/http/http-rpc.ts';
import { router } from '../net/http/router.ts';
import type { InFlight } from '../net/in-flight.ts';
import type { Logger } from '../observe/logger.ts';
import { SpanExporter } from '../observe/traces/span-exporter.ts';
import { systemClock } from '../recycler/jobs/clock.ts';
import type { Recycler } from '../recycler/recycler.ts';
import type { CallCounts } from '../rpc/call-counts.ts';
import { CallTracer } from '../rpc/call-tracer.ts';
import { CallWatch } from '../rpc/call-watch.ts';
import { RateLimits } from '../rpc/limits/rate-limits.ts';
import type { Tokens } from '../rpc/limits/token-buckets.ts';
import { methods } from '../rpc/methods.ts';
import { Runner } from '../rpc/runner.ts';
import { byName, metaService, recyclerService } from '../rpc/service.ts';
import { createMonitoring } from './monitoring.ts';
import { Neighbours } from './neighbours/neighbours.ts';
import { createRecycling, type RecyclingParts } from './recycling.ts';

/** What answers calls, and what it has going on beside them. */
export interface Services {
  /** Calls by HTTP. */
  readonly handler: HttpHandler;
  /** Calls by the binary protocols. */
  readonly rpc: Pick<BinaryRpc, 'find' | 'call'>;
  /** The services that they reach, for callers who ask what there is. */
  readonly descs: readonly DescService[];
  /** Begins what nobody has to ask for, now that the service is reached at this port. */
  serving(port: number): void;
  /** What recycles here, if anything does. */
  readonly recycler?: Pick<Recycler, 'counts'> | undefined;
  /** What sends traces, if anything does. */
  readonly spans?: Pick<SpanExporter, 'counts'> | undefined;
  /** Ends what nobody waits for, while calls still come to their end. */
  drain(): void;
  /** Ends what is going on, when no more calls come and before the store closes. Calling it again is harmless. */
  stop(): Promise<void>;
}

export interface ServicesOptions {
  /** Open, and to be closed by whoever opened it. */
  readonly store: Store;
  readonly settings: Settings;
  readonly logger: Logger;
  readonly version: string;
  readonly in_flight: InFlight;
  /** What calls are counted in. */
  readonly calls: CallCounts;
  /** What rate limits are counted with; without it, this process counts for itself. */
  readonly tokens?: Tokens;
  /** What recycling works with, where that is not what it is made of. */
  readonly recycling?: RecyclingParts;
}

/** Makes what answers calls. */
export async function createServices(options: ServicesOptions): Promise<Services> {
  const { store, settings, logger, in_flight } = options;
  const { role } = settings;
  const services = createMetaServices({ store, keyring: await installKeyring(options), logger, settings });
  const spans = createSpans(options);
  const neighbours = createNeighbours(options, services);
  const runner = createRunner(options, { services, spans, neighbours });
  const recycling = role === 'meta-service' ? undefined : createRecycling({ ...options, services });
  const recycler = recycling?.recycler;
  const monitoring = role === 'recycler' ? undefined : createMonitoring({ store, settings, logger, now_ms: Date.now });
  const service = recyclerService(recycler && ((instance_id) => recycler.recycle(instance_id)));
  const served = role === 'recycler' ? [service] : [metaService, service];
  const rpcServices = byName(served);
  return {
    handler: router({
      admin: role === 'recycler' ? undefined : new Admin({ ...settings, runner, store }),
      recycler: new RecyclerAdmin({
        ...settings,
        runner,
        store,
        recycler,
        checker: recycling?.checker,
        service,
        now_ms: Date.now,
      }),
      rpc: new HttpRpc(runner),
      services: rpcServices,
      pages: monitoring?.pages ?? new Map(),
    }),
    rpc: new BinaryRpc({ runner, services: rpcServices, in_flight, logger }),
    descs: served.map(({ desc }) => desc),
    serving: (port) => {
      neighbours?.start(port);
      recycling?.start(port);
      monitoring?.start(port);
    },
    recycler,
    spans,
    drain: () => {
      void recycling?.stop();
      void monitoring?.stop();
    },
    stop: async () => {
      await recycling?.stop();
      await monitoring?.stop();
      await services.lazyCommits.stop();
      await neighbours?.stop();
      await spans?.stop();
    },
  };
}

/** What secrets are encrypted with, after it is in the store. */
async function installKeyring({ store, settings, logger }: ServicesOptions): Promise<Keyring> {
  const keyring = new Keyring({ ...settings, default_key: DEFAULT_ENCRYPTION_KEY });
  if (await keyring.install(store)) {
    logger.warn(
      'secrets are encrypted with the built-in key, which everybody knows; set encryption_key to one of yours',
    );
  }
  return keyring;
}

function createSpans({ settings, version, logger }: ServicesOptions): SpanExporter | undefined {
  const { otlp_endpoint: endpoint } = settings;
  return endpoint === '' ? undefined : new SpanExporter({ endpoint, version, logger });
}

/** On a cluster others may answer the same frontends and backends, and have to hear of nodes that change. */
function createNeighbours(
  { store, settings, logger }: ServicesOptions,
  services: MetaServices,
): Neighbours | undefined {
  const is_among_others = settings.kv === 'foundationdb' && settings.role !== 'recycler';
  return is_among_others ? new Neighbours({ store, settings, services, logger, clock: systemClock }) : undefined;
}

interface RunnerNeeds {
  readonly services: MetaServices;
  readonly spans: SpanExporter | undefined;
  readonly neighbours: Neighbours | undefined;
}

function createRunner(options: ServicesOptions, { services, spans, neighbours }: RunnerNeeds): Runner {
  const { store, settings, logger, calls, tokens } = options;
  warnOfUnknownMethods(settings, logger);
  const tracer = spans && new CallTracer((span) => spans.add(span), settings.otlp_trace_one_in);
  const watch = new CallWatch({ ...settings, logger, counts: calls, tracer });
  const after = neighbours && ((request: Message) => neighbours.after(request));
  return new Runner({ store, services, logger, rateLimits: new RateLimits(settings, tokens), watch, after });
}

function warnOfUnknownMethods({ specific_max_qps_limit }: Settings, logger: Logger): void {
  for (const name of specific_max_qps_limit.keys()) {
    if (!Object.hasOwn(methods, name)) logger.warn('specific_max_qps_limit names what is no method', { name });
  }
}
