import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type Awaitable, whenThere } from '../awaitable.ts';
import type { Call } from '../meta/call.ts';
import { resolveInstance } from '../meta/identity/resolve-instance.ts';
import { MetaError } from '../meta/meta-error.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import type { Caller } from './method.ts';

/**
 * The instance that a request concerns, by what its method says of its caller; an empty text for a method without one.
 *
 * @throws {MetaError} INVALID_ARGUMENT for a caller that is not known, at once or by rejecting
 */
export function callerOf<Request extends DescMessage>(
  call: Call,
  { caller }: { readonly caller?: Caller<Request> },
  request: MessageShape<Request>,
): Awaitable<string> {
  if (!caller) return '';
  const { missing, unknown } = caller;
  const id = (request as { readonly cloudUniqueId?: string }).cloudUniqueId ?? '';
  if (id === '' && missing !== undefined) throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, missing);
  return whenThere(resolveInstance(call, id), (instanceId) => {
    if (instanceId !== undefined) return instanceId;
    throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, typeof unknown === 'string' ? unknown : unknown(request));
  });
}
