import type { Message } from '@bufbuild/protobuf';

/**
 * Whether a proto2 field was given, be it with its default value: what C++ calls `has_field()`.
 *
 * Unset scalar fields of a generated message read as their default from its prototype, so only an own property was set.
 */
export function isSet<M extends Message>(
  message: M | undefined,
  field: Exclude<keyof M, '$typeName' | '$unknown'>,
): boolean {
  return message !== undefined && Object.hasOwn(message, field) && message[field] !== undefined;
}
