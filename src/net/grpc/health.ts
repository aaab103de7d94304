import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  HealthCheckRequestSchema,
  type HealthCheckResponse_ServingStatus,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from '../../schema/gen/grpc/health/v1/health_pb.ts';
import { GrpcCode, GrpcError } from './status.ts';
import type { Replies, StreamHandler, StreamingMethod } from './streaming-call.ts';

/** `grpc.health.v1.Health`: whether the server serves, and each of its services, which it does until it begins to stop. */
export function healthMethods(services: ReadonlySet<string>): Readonly<Record<'Check' | 'Watch', StreamingMethod>> {
  const isKnown = (service: string) => service === '' || services.has(service);
  return {
    Check: (replies) => new Check(replies, isKnown),
    Watch: (replies) => new Watch(replies, isKnown),
  };
}

type IsKnown = (service: string) => boolean;

class Check implements StreamHandler {
  #service: string | undefined;

  constructor(
    private readonly replies: Replies,
    private readonly isKnown: IsKnown,
  ) {}

  onMessage(message: Uint8Array): void {
    if (this.#service !== undefined) throw notOneMessage();
    this.#service = readService(message);
  }

  onEnd(): void {
    if (this.#service === undefined) throw notOneMessage();
    if (!this.isKnown(this.#service)) throw new GrpcError(GrpcCode.not_found, 'there is no such service');
    this.replies.send(statusMessage(this.replies.isDraining ? Status.NOT_SERVING : Status.SERVING));
    this.replies.end();
  }

  onDrain(): void {}
}

class Watch implements StreamHandler {
  #service: string | undefined;

  constructor(
    private readonly replies: Replies,
    private readonly isKnown: IsKnown,
  ) {}

  onMessage(message: Uint8Array): void {
    if (this.#service !== undefined) throw notOneMessage();
    this.#service = readService(message);
    const isKnown = this.isKnown(this.#service);
    this.replies.send(statusMessage(isKnown ? Status.SERVING : Status.SERVICE_UNKNOWN));
    if (this.replies.isDraining) this.onDrain();
  }

  onEnd(): void {
    if (this.#service === undefined) throw notOneMessage();
  }

  onDrain(): void {
    if (this.#service !== undefined && this.isKnown(this.#service))
      this.replies.send(statusMessage(Status.NOT_SERVING));
    this.replies.end(new GrpcError(GrpcCode.unavailable, 'the service is stopping'));
  }
}

function readService(message: Uint8Array): string {
  try {
    return fromBinary(HealthCheckRequestSchema, message).service;
  } catch {
    throw new GrpcError(GrpcCode.invalid_argument, 'Fail to parse request=grpc.health.v1.HealthCheckRequest');
  }
}

function statusMessage(status: HealthCheckResponse_ServingStatus): Uint8Array {
  return toBinary(HealthCheckResponseSchema, create(HealthCheckResponseSchema, { status }));
}

function notOneMessage(): GrpcError {
  return new GrpcError(GrpcCode.unimplemented, 'the request must be one message');
}
