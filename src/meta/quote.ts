import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { writeProtobufJson } from '../schema/json/write-protobuf-json.ts';
import { maskSecrets } from '../schema/mask-secrets.ts';

/** A message as an error may quote it: its JSON, with every secret masked. */
export function quote<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return writeProtobufJson(schema, maskSecrets(schema, message));
}
