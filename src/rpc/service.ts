import type { DescService } from '@bufbuild/protobuf';
import { MetaService } from '../schema/gen/cloud/meta_service_pb.ts';
import { RecyclerService } from '../schema/gen/cloud/recycler_pb.ts';
import type { Method, MethodInSteps } from './method.ts';
import { recyclerMethods } from './methods/recycler.ts';
import { methods } from './methods.ts';

/** A method, however many transactions it takes. */
export type UnaryMethod = Method | MethodInSteps;

/** A service of the wire and those of its methods that are served. */
export interface Service {
  readonly desc: DescService;
  readonly methods: ReadonlyMap<string, UnaryMethod>;
}

/** The services, by the names that callers may use: full, `doris.cloud.MetaService`, and short, `MetaService`. */
export type Services = ReadonlyMap<string, Service>;

/** Declares a service; one of its methods that the schema doesn't have is a defect. */
export function service(desc: DescService, served: Readonly<Record<string, unknown>>): Service {
  const known = new Set(desc.methods.map(({ name }) => name));
  for (const name of Object.keys(served)) if (!known.has(name)) throw new Error(`${desc.typeName} has no ${name}`);
  // Methods differ in their messages; what one method reads is what it runs with.
  return { desc, methods: new Map(Object.entries(served as Readonly<Record<string, UnaryMethod>>)) };
}

export function byName(services: Iterable<Service>): Services {
  return new Map([...services].flatMap((one) => [one.desc.typeName, one.desc.name].map((name) => [name, one])));
}

/** What frontends and backends call. Its method `http` stands for the admin API, which is no RPC. */
export const metaService: Service = service(MetaService, methods);

/** The service of a process that recycles, or that says that it does not. Its method `http` stands for the recycler's API. */
export function recyclerService(recycle: ((instance_id: string) => void) | undefined): Service {
  return service(RecyclerService, recyclerMethods(recycle));
}
