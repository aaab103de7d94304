import type { DescMessage, Message, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { Awaitable } from '../awaitable.ts';
import type { Call, CallInSteps } from '../meta/call.ts';

/** How a method learns which instance it concerns, from the `cloud_unique_id` of its request. */
export interface Caller<Request extends DescMessage = DescMessage> {
  /** The message for a request without an id; where there is none, such a request comes from a caller that is not known. */
  readonly missing?: string;
  /** The message for an id that belongs to no instance. */
  readonly unknown: string | ((request: MessageShape<Request>) => string);
}

/** The fields of a response but its status; those in `$unknown` were encoded before, see `encodedFields`. */
export type ResponseInit<Response extends DescMessage> = MessageInitShape<Response> & Pick<Message, '$unknown'>;

/** What a method does in one transaction, given the instance of its caller; an empty text for a method without one. */
export type MethodBody<Request extends DescMessage, Response extends DescMessage> = (
  call: Call,
  request: MessageShape<Request>,
  instanceId: string,
) => Awaitable<ResponseInit<Response>>;

/** What a method does that takes more than one transaction. */
export type StepsBody<Request extends DescMessage, Response extends DescMessage> = (
  call: CallInSteps,
  request: MessageShape<Request>,
  instanceId: string,
) => Promise<ResponseInit<Response>>;

interface Declaration<Request extends DescMessage, Response extends DescMessage> {
  readonly name: string;
  readonly request: Request;
  readonly response: Response;
  /** Checks of the request alone, which come before the caller is looked up. They throw a MetaError. */
  readonly check?: (request: MessageShape<Request>) => void;
  readonly caller?: Caller<Request>;
  /** Whether its calls change one and the same key, so that those of one process had better take turns than collide. */
  readonly takes_turns?: boolean;
}

/** A method of the service: its name and messages on the wire, and the domain function that serves it in one transaction. */
export interface Method<Request extends DescMessage = DescMessage, Response extends DescMessage = DescMessage>
  extends Declaration<Request, Response> {
  readonly run: MethodBody<Request, Response>;
}

/** A method whose domain function needs several transactions, because of their limits or to learn what a commit made. */
export interface MethodInSteps<Request extends DescMessage = DescMessage, Response extends DescMessage = DescMessage>
  extends Declaration<Request, Response> {
  readonly runInSteps: StepsBody<Request, Response>;
}

/** Any method, for tables of them. */
export type AnyMethod = Pick<Declaration<DescMessage, DescMessage>, 'name' | 'request' | 'response'>;

/** Declares a method, with the types of its messages inferred. */
export function method<Request extends DescMessage, Response extends DescMessage>(
  declaration: Method<Request, Response>,
): Method<Request, Response> {
  return declaration;
}

/** Declares a method that takes several transactions. */
export function methodInSteps<Request extends DescMessage, Response extends DescMessage>(
  declaration: MethodInSteps<Request, Response>,
): MethodInSteps<Request, Response> {
  return declaration;
}
