import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RpcMetaSchema } from '../../schema/gen/brpc/baidu_rpc_meta_pb.ts';
import { answerFrames, refusalFrame } from './answer-frame.ts';

const anyId = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat({ max: 200 }).map(BigInt));

function correlationOf(id: bigint, request_id?: string) {
  return { correlation_low: Number(id & 0xffff_ffffn), correlation_high: Number(id >> 32n), request_id };
}

/** What brpc puts into a frame: an error code also where there is none, and the compress type. */
function frame(id: bigint, response: { errorCode: number; errorText?: string }, message: Uint8Array): Buffer {
  const correlationId = BigInt.asIntN(64, id);
  const meta = toBinary(RpcMetaSchema, create(RpcMetaSchema, { response, compressType: 0, correlationId }));
  const header = Buffer.from('PRPC________');
  header.writeUInt32BE(meta.length + message.length, 4);
  header.writeUInt32BE(meta.length, 8);
  return Buffer.concat([header, meta, message]);
}

test('an answer is what brpc answers, to the byte', () => {
  const message = fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.constant(new Uint8Array(100_000).fill(7)));
  fc.assert(
    fc.property(anyId, message, (id, bytes) => {
      const frames = answerFrames(correlationOf(id), bytes);
      expect(Buffer.concat(frames).equals(frame(id, { errorCode: 0 }, bytes))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a large message is not copied', () => {
  const message = new Uint8Array(1_000_000);
  const [, body] = answerFrames(correlationOf(1n), message);
  expect(body?.buffer).toBe(message.buffer);
});

test('a refusal is what brpc answers, to the byte', () => {
  const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('x'.repeat(20_000)));
  fc.assert(
    fc.property(anyId, fc.integer({ min: 1, max: 3001 }), text, (id, errorCode, errorText) => {
      const expected = frame(id, { errorCode, errorText }, Buffer.alloc(0));
      expect(refusalFrame(correlationOf(id), errorCode, errorText).equals(expected)).toBe(true);
    }),
    { numRuns: 500 },
  );
  const { response } = fromBinary(RpcMetaSchema, refusalFrame(correlationOf(7n), 1002, 'no').subarray(12));
  expect(response).toMatchObject({ errorCode: 1002, errorText: 'no' });
});

test('the id that a caller has given its call goes back in a user field', () => {
  const signs = fc.string({
    minLength: 1,
    maxLength: 128,
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((n) => String.fromCharCode(n)),
  });
  fc.assert(
    fc.property(anyId, signs, fc.boolean(), (id, request_id, isRefused) => {
      const correlation = correlationOf(id, request_id);
      const message = Buffer.from('an answer');
      const bytes = isRefused
        ? refusalFrame(correlation, 1002, 'no')
        : Buffer.concat(answerFrames(correlation, message));
      const meta_end = 12 + bytes.readUInt32BE(8);
      const meta = fromBinary(RpcMetaSchema, bytes.subarray(12, meta_end));
      expect(meta.userFields).toEqual({ 'x-request-id': request_id });
      expect(meta.correlationId).toBe(BigInt.asIntN(64, id));
      expect(bytes.subarray(meta_end).toString()).toBe(isRefused ? '' : 'an answer');
      expect(bytes.readUInt32BE(4)).toBe(bytes.length - 12);
    }),
  );
});
