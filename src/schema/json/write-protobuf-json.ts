import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { toJsonString } from '@bufbuild/protobuf';

/** Writes a message as protobuf's C++ MessageToJsonString does with preserved field names: compact, int64 as strings. */
export function writeProtobufJson<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return toJsonString(schema, message, { useProtoFieldName: true });
}
