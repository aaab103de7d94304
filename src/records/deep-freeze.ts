/**
 * Freezes a message and all that it holds, so that an attempt to change it throws. Bytes stay as they are: the language
 * can't freeze them.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const field of Object.values(value)) deepFreeze(field);
  return value;
}
