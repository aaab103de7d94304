import type { Message } from '@bufbuild/protobuf';

/**
 * A message of its own with the fields of another, to set or clear some of them. The messages and lists in the fields are
 * shared with the other one, and must not be changed.
 */
export function copyFields<M extends Message>(message: M): M {
  return Object.assign(Object.create(Object.getPrototypeOf(message)) as M, message);
}
