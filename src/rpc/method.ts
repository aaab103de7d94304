import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { Call } from '../meta/call.ts';

/** How a method learns which instance it concerns, from the `cloud_unique_id` of its request. */
export interface Caller {
  /** The message for a request without an id. */
  readonly missing: string;
  /** The message for an id that belongs to no instance. */
  readonly unknown: string;
}

/** What a method does, given the instance of its caller; an empty text for a method without one. */
export type MethodBody<Request extends DescMessage, Response extends DescMessage> = (
  call: Call,
  request: MessageShape<Request>,
  instanceId: string,
) => Promise<MessageInitShape<Response>>;

/** A method of the service: its name and messages on the wire, and the domain function that serves it. */
export interface Method<Request extends DescMessage = DescMessage, Response extends DescMessage = DescMessage> {
  readonly name: string;
  readonly request: Request;
  readonly response: Response;
  /** Checks of the request alone, which come before the caller is looked up. They throw a MetaError. */
  readonly check?: (request: MessageShape<Request>) => void;
  readonly caller?: Caller;
  /** Whether its calls change one and the same key, so that those of one process had better take turns than collide. */
  readonly takes_turns?: boolean;
  readonly run: MethodBody<Request, Response>;
}

/** A method of any messages, for tables of them. */
export interface AnyMethod {
  readonly name: string;
  readonly request: DescMessage;
  readonly response: DescMessage;
}

/** Declares a method, with the types of its messages inferred. */
export function method<Request extends DescMessage, Response extends DescMessage>(
  declaration: Method<Request, Response>,
): Method<Request, Response> {
  return declaration;
}
