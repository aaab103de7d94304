import type { Message } from '@bufbuild/protobuf';
import { isSet } from '../../schema/presence.ts';

/** An id or a number of a request; -1 when it is not given, which is how Doris takes it, and prints it. */
export function givenId<Field extends string>(
  request: Message & { readonly [F in Field]: bigint },
  field: Field,
): bigint {
  return isSet(request, field as never) ? request[field] : -1n;
}
