import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { fromJsonString } from '@bufbuild/protobuf';
import { JsonError } from './json-error.ts';

/** Reads the JSON body of an RPC as brpc does. Throws {@link JsonError} with brpc's wording. */
export function readBrpcJson<Desc extends DescMessage>(schema: Desc, text: string): MessageShape<Desc> {
  try {
    return fromJsonString(schema, text, { ignoreUnknownFields: true });
  } catch {
    throw new JsonError('Invalid json');
  }
}
