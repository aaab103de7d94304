import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { toJsonString } from '@bufbuild/protobuf';

/** Writes a message in protobuf's text format, as C++ DebugString prints it. */
export function writeTextFormat<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return toJsonString(schema, message, { useProtoFieldName: true });
}
