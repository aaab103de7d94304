import type { DescService } from '@bufbuild/protobuf';
import { Health } from '../../schema/gen/grpc/health/v1/health_pb.ts';
import { ServerReflection } from '../../schema/gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as ServerReflectionAlpha } from '../../schema/gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { Descriptors } from './descriptors.ts';
import { healthMethods } from './health.ts';
import { reflectionMethod } from './reflection.ts';
import type { StreamingMethod } from './streaming-call.ts';

/** The services that every server of gRPC has beside its own: their methods by path. */
export function standardServices(own: Iterable<DescService>): ReadonlyMap<string, StreamingMethod> {
  const all = [...own, Health, ServerReflection, ServerReflectionAlpha];
  const { Check, Watch } = healthMethods(new Set(all.map(({ typeName }) => typeName)));
  const reflection = reflectionMethod(new Descriptors(all));
  return new Map([
    [`/${Health.typeName}/Check`, Check],
    [`/${Health.typeName}/Watch`, Watch],
    [`/${ServerReflection.typeName}/ServerReflectionInfo`, reflection],
    [`/${ServerReflectionAlpha.typeName}/ServerReflectionInfo`, reflection],
  ]);
}
