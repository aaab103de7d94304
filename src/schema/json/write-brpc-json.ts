import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { toJsonString } from '@bufbuild/protobuf';

/** Writes the JSON answer of an RPC as brpc does: int64 as bare numbers. */
export function writeBrpcJson<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return toJsonString(schema, message, { useProtoFieldName: true });
}
