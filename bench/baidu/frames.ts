import { create, toBinary } from '@bufbuild/protobuf';
import { RpcMetaSchema } from '../../src/schema/gen/brpc/baidu_rpc_meta_pb.ts';

const HEADER_BYTES = 12;
const BODY_SIZE_AT = 4;
const META_SIZE_AT = 8;

/** Ids up to this one take one byte, which is the last of the meta, in requests and in answers. */
export const HIGHEST_ID = 0x7f;

/** A call of a method of the service, under `id`. */
export function requestFrame(methodName: string, request: Uint8Array, id: number): Buffer {
  const meta = toBinary(
    RpcMetaSchema,
    create(RpcMetaSchema, { request: { serviceName: 'MetaService', methodName }, correlationId: BigInt(id) }),
  );
  const header = Buffer.from('PRPC________');
  header.writeUInt32BE(meta.length + request.length, BODY_SIZE_AT);
  header.writeUInt32BE(meta.length, META_SIZE_AT);
  return Buffer.concat([header, meta, request]);
}

/** Hands out the frames in some bytes, by where they begin and end, and returns what is left of them. */
export function eachFrame(bytes: Buffer, take: (from: number, to: number) => void): Buffer {
  let from = 0;
  while (bytes.length - from >= HEADER_BYTES) {
    const to = from + HEADER_BYTES + bytes.readUInt32BE(from + BODY_SIZE_AT);
    if (to > bytes.length) break;
    take(from, to);
    from = to;
  }
  return bytes.subarray(from);
}

/** Where the id stands in the frame that begins at `from`. */
export function idAt(bytes: Buffer, from: number): number {
  return from + HEADER_BYTES + bytes.readUInt32BE(from + META_SIZE_AT) - 1;
}
