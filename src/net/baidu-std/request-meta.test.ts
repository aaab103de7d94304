import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRequestId } from '../../rpc/call-origin.ts';
import { type RpcMeta, RpcMetaSchema } from '../../schema/gen/brpc/baidu_rpc_meta_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { arbitraryMessage } from '../../schema/testing/arbitrary-message.ts';
import { MalformedMetaError } from './meta-reader.ts';
import { type RequestMeta, readRequestMeta } from './request-meta.ts';

/** What the generated code reads, as ours says it. */
function expected(meta: RpcMeta): RequestMeta {
  const id = BigInt.asUintN(64, meta.correlationId);
  const logId = BigInt.asUintN(64, meta.request?.logId ?? 0n);
  return {
    has_request: isSet(meta, 'request'),
    service: meta.request?.serviceName ?? '',
    method: meta.request?.methodName ?? '',
    timeout_ms: meta.request?.timeoutMs ?? 0,
    compress_type: meta.compressType,
    correlation_low: Number(BigInt.asUintN(32, id)),
    correlation_high: Number(id >> 32n),
    attachment_size: meta.attachmentSize,
    content_type: meta.contentType,
    checksum_type: meta.checksumType,
    has_stream: isSet(meta, 'streamSettings'),
    has_chunk: isSet(meta, 'chunkInfo'),
    request_id: readRequestId(meta.request?.requestId || undefined),
    log_low: Number(BigInt.asUintN(32, logId)),
    log_high: Number(logId >> 32n),
  } as RequestMeta;
}

const encoded = (meta: MessageInitShape<typeof RpcMetaSchema>) =>
  Buffer.from(toBinary(RpcMetaSchema, create(RpcMetaSchema, meta)));

/** What reading comes to, where it comes to anything but a refusal. */
function readOrRefused(bytes: Buffer): RequestMeta | undefined {
  try {
    return readRequestMeta(bytes);
  } catch (error) {
    if (error instanceof MalformedMetaError) return undefined;
    throw error;
  }
}

describe('the meta of a request', () => {
  test('is what the generated code reads', () => {
    fc.assert(
      fc.property(arbitraryMessage(RpcMetaSchema), (meta) => {
        const bytes = Buffer.from(toBinary(RpcMetaSchema, meta));
        expect({ ...readRequestMeta(bytes) }).toEqual(expected(fromBinary(RpcMetaSchema, bytes)));
      }),
      { numRuns: 1000 },
    );
  });

  test('is what the generated code reads also when fields come twice, or are not known', () => {
    const unknown = Buffer.from('a206026869a80601b1060102030405060708b506010203', 'hex');
    fc.assert(
      fc.property(fc.array(arbitraryMessage(RpcMetaSchema), { maxLength: 3 }), (metas) => {
        const parts = metas.map((meta) => Buffer.from(toBinary(RpcMetaSchema, meta)));
        const bytes = Buffer.concat([...parts, unknown, Buffer.of(4), ...parts]);
        expect({ ...readRequestMeta(bytes) }).toEqual(expected(fromBinary(RpcMetaSchema, bytes)));
      }),
    );
  });

  test('that is spoilt or cut off is read or refused, and nothing else', () => {
    const spoilt = fc.tuple(arbitraryMessage(RpcMetaSchema), fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean());
    let refused = 0;
    fc.assert(
      fc.property(spoilt, ([meta, where, value, isCut]) => {
        const whole = Buffer.from(toBinary(RpcMetaSchema, meta));
        const at = whole.length === 0 ? 0 : where % whole.length;
        const bytes = isCut ? whole.subarray(0, at) : Buffer.from(whole);
        if (!isCut && bytes.length > 0) bytes[at] = value;
        if (readOrRefused(bytes) === undefined) refused++;
      }),
      { numRuns: 2000 },
    );
    expect(refused).toBeGreaterThan(100);
  });

  test('without a request has no names', () => {
    expect(readRequestMeta(encoded({ correlationId: 7n }))).toMatchObject({ service: '', method: '' });
    expect(readRequestMeta(Buffer.alloc(0))).toMatchObject({ service: '', method: '', correlation_low: 0 });
  });

  test.each([
    ['a request without names', '0a00'],
    ['a request without a method', '0a030a0141'],
    ['a field without a number', '0001'],
    ['a field that ends before its value', '18'],
    ['a number of eleven bytes', '20ffffffffffffffffffff01'],
    ['a text longer than the meta', '0a0a0a0541'],
    ['a request longer than the meta', '0aff01'],
    ['a group that does not end', 'a306'],
    ['a group that ends as another', 'a306ac06'],
    ['an end without a group', 'a406'],
    ['a type that is none', 'a706'],
    ['groups in groups in groups', 'a306'.repeat(200)],
  ])('is refused: %s', (_, hex) => {
    expect(() => readRequestMeta(Buffer.from(hex, 'hex'))).toThrow(MalformedMetaError);
  });
});
