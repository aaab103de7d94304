import { toBinary } from '@bufbuild/protobuf';
import { metaService } from '../../../src/rpc/service.ts';
import { readBinary } from '../../../src/schema/binary/read-binary.ts';
import { JsonError } from '../../../src/schema/json/json-error.ts';
import { readBrpcJson } from '../../../src/schema/json/read-brpc-json.ts';
import { writeBrpcJson } from '../../../src/schema/json/write-brpc-json.ts';
import type { RawAnswer } from '../compare.ts';
import type { Transport } from './transport.ts';

const METHOD = /^\/MetaService\/(\w+)$/;

/** A call as JSON RPC has it, made by another way in. */
export type JsonRpc = () => Promise<RawAnswer>;

/**
 * How a JSON RPC can be made with binary messages, or undefined when it can't: because it is none, or because its request
 * is no message, which only JSON can be asked about.
 */
export function asJsonRpc(transport: Transport, path: string, body: string, type: string): JsonRpc | undefined {
  const method = metaService.methods.get(METHOD.exec(path)?.[1] ?? '');
  if (method === undefined) return undefined;
  const request = encode(method.request, body);
  if (request === undefined) return undefined;
  return async () => {
    const response = await transport.call(method.name, request);
    return { status: 200, type, text: writeBrpcJson(method.response, readBinary(method.response, response)) };
  };
}

function encode(schema: Parameters<typeof toBinary>[0], body: string): Uint8Array | undefined {
  if (body === '') return new Uint8Array();
  try {
    return toBinary(schema, readBrpcJson(schema, body));
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}
