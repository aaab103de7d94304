import { deflateSync, gzipSync } from 'node:zlib';
import { frameOf, requestFrame } from '../baidu-std-client.ts';
import { mutateBytes, randomBytes } from '../fuzz/mutate.ts';
import type { Random } from '../random.ts';
import { varint } from '../snappy-block.ts';
import { type Arsenal, beginnings, sendAll, times, trickle } from './attack.ts';
import { METHODS, odd, requestOf } from './requests.ts';

const MIB = 1024 * 1024;

/** 16 MiB of zeros, and what says of itself to be more. */
const BOMBS: readonly (readonly [compressType: number, bytes: Buffer])[] = [
  [2, gzipSync(Buffer.alloc(16 * MIB))],
  [3, deflateSync(Buffer.alloc(16 * MIB))],
  [2, Buffer.concat(times(20, () => gzipSync(Buffer.alloc(MIB))))],
  // Snappy: a size, a literal of one byte, and copies of it, 64 bytes each.
  [1, Buffer.concat([varint(MIB), Buffer.of(0, 0), ...times(MIB / 64, () => Buffer.of((63 << 2) | 2, 1, 0))])],
  [1, Buffer.concat([varint(2 ** 32 - 1), Buffer.of(0, 0)])],
  [1, Buffer.concat([varint(60 * MIB), Buffer.of(0, 0)])],
];

/** A call that is well formed and asks for what it shouldn't. Its connection goes on. */
function oddFrame(random: Random): Buffer {
  const id = random.pick([0n, 1n, 2n ** 63n - 1n, -1n, BigInt(random.int(1000))]);
  const request = random.chance(0.5) ? requestOf(random) : mutateBytes(random, requestOf(random));
  const meta = random.weighted<object>([
    [4, {}],
    [1, { compressType: random.pick([1, 2, 3, 4, 99, -1]) }],
    [1, { attachmentSize: random.pick([-1, 1, request.length, request.length + 1, 2 ** 31 - 1, -(2 ** 31)]) }],
    [1, { checksumType: 1, checksumValue: randomBytes(random) }],
    [1, { streamSettings: { streamId: 5n, needFeedback: true } }],
    [1, { chunkInfo: { streamId: 1n, chunkId: 7n } }],
    [1, { contentType: random.int(5) }],
    [1, { authenticationData: Buffer.alloc(random.pick([1, 5000])) }],
    [1, { request: { serviceName: odd(random), methodName: odd(random) } }],
    [1, { request: { serviceName: 'MetaService', methodName: random.pick(METHODS), timeoutMs: random.int(3) - 1 } }],
    [1, { response: { errorCode: 5, errorText: odd(random) } }],
  ]);
  return requestFrame(id, random.pick(METHODS), request, { meta });
}

/** A frame with a header that lies. What follows is anything. */
function lyingFrame(random: Random): Buffer {
  const frame = oddFrame(random);
  const sizes = [0, 1, 11, 12, frame.length, frame.length - 12, 64 * 1024 + 1, 64 * MIB + 1, 2 ** 31, 2 ** 32 - 1];
  frame.writeUInt32BE(random.pick(sizes), random.pick([4, 8]));
  if (random.chance(0.3)) frame.writeUInt32BE(random.pick(sizes), 8);
  return frame;
}

/** The ways to attack baidu_std. */
export const baiduStd: Arsenal = {
  attacks: {
    async oddCalls(attacker) {
      const wire = await attacker.open();
      await sendAll(
        attacker,
        wire,
        times(300, () => oddFrame(attacker.random)),
        attacker.random.pick([1, 20, 300]),
      );
      await wire.finish();
    },
    async mutatedFrames(attacker) {
      const wire = await attacker.open();
      await sendAll(
        attacker,
        wire,
        times(20, () => mutateBytes(attacker.random, oddFrame(attacker.random))),
      );
      await wire.finish();
    },
    async lyingSizes(attacker) {
      const wire = await attacker.open();
      await sendAll(
        attacker,
        wire,
        times(8, () => lyingFrame(attacker.random)),
        2,
      );
      await wire.finish();
    },
    async randomBytes(attacker) {
      const wire = await attacker.open();
      const { random } = attacker;
      await sendAll(attacker, wire, [Buffer.concat([Buffer.from('PRPC'), randomBytes(random), randomBytes(random)])]);
      wire.reset();
    },
    async bombs(attacker) {
      const wire = await attacker.open();
      const frames = times(4, (id) => {
        const [compressType, bytes] = attacker.random.pick(BOMBS);
        return requestFrame(BigInt(id), 'get_version', bytes, { meta: { compressType } });
      });
      await sendAll(attacker, wire, frames);
      await wire.finish();
    },
    async truncated(attacker) {
      const wire = await attacker.open();
      const frame = oddFrame(attacker.random);
      await sendAll(attacker, wire, [frame, frame.subarray(0, attacker.random.int(frame.length))]);
      if (attacker.random.chance(0.5)) wire.reset();
      else await wire.finish();
    },
    async floodUnread(attacker) {
      const wire = await attacker.open();
      wire.deafen();
      await sendAll(
        attacker,
        wire,
        times(3000, () => oddFrame(attacker.random)),
        500,
      );
      wire.reset();
    },
    async splitAnywhere(attacker) {
      const wire = await attacker.open();
      const frame = oddFrame(attacker.random);
      for (let at = 1; at < frame.length && wire.isOpen; at += 3) {
        await wire.sendInPieces(frame, at);
        attacker.count(1);
      }
      await wire.finish();
    },
    async badMeta(attacker) {
      const wire = await attacker.open();
      await sendAll(attacker, wire, [frameOf(randomBytes(attacker.random), randomBytes(attacker.random))]);
      await wire.finish();
    },
  },
  patient: {
    silence: beginnings('', 'P', 'PR', 'PRP', 'PRPC', 'PRPC\0\0\0'),
    halfFrames: beginnings('PRPC\0\0\x10\0\0\0\0\x05', 'PRPC\0\0\x10\0\0\0\0\x05\x0a\0\0\0\0aaaaa'),
    async oneByteAtATime({ open, random }) {
      for (const interval_ms of [50, 300, 1000]) trickle(await open(), oddFrame(random), interval_ms);
    },
    async idle({ open, random }) {
      await (await open()).send(oddFrame(random));
    },
    async unreadAnswers(attacker) {
      const wire = await attacker.open();
      wire.deafen();
      const frames = times(40_000, (id) => requestFrame(BigInt(id), 'x'.repeat(256), Buffer.alloc(0)));
      await sendAll(attacker, wire, frames, 4000);
    },
    async halfClosed({ open, random }) {
      const wire = await open();
      await wire.send(oddFrame(random));
      wire.deafen();
      wire.socket.end();
    },
  },
};
