import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { missingRequired } from '../check-required.ts';

/** Why bytes are not the message that they should be. The text has none of their values. */
export class BinaryError extends Error {
  override readonly name = 'BinaryError';
}

/**
 * Reads a message in protobuf's binary form, as it comes from outside. Fields that the schema doesn't know are kept.
 *
 * @throws {BinaryError} for bytes that are no such message, are nested deeper than 100 messages, or lack a required field.
 */
export function readBinary<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  const message = decode(schema, bytes);
  const missing = missingRequired(schema, message);
  if (missing !== undefined) throw new BinaryError(`missing required field: ${missing}`);
  return message;
}

function decode<Desc extends DescMessage>(schema: Desc, bytes: Uint8Array): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new BinaryError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
