import { mutateBytes } from '../fuzz/mutate.ts';
import { type Arsenal, type Attacker, beginnings, sendAll, times, trickle } from './attack.ts';
import {
  BOMB,
  callHeaders,
  FLOODS,
  HEADER_BOMBS,
  HELLO,
  LARGEST_WINDOW,
  oddCall,
  randomFrame,
  rightCall,
} from './http2-calls.ts';
import { Flag, frame, headerBlock, PREFACE, prefixed, Setting, settings, Type, uint32 } from './http2-frames.ts';
import type { Wire } from './wire.ts';

/** Opens a connection and says hello. */
async function greet(attacker: Attacker, values: Readonly<Record<number, number>> = {}): Promise<Wire> {
  const wire = await attacker.open();
  await sendAll(attacker, wire, [Buffer.concat([PREFACE, settings(values)])]);
  return wire;
}

const stream = (index: number) => 1 + 2 * index;

/** The ways to attack HTTP/2, and gRPC on it. */
export const http2: Arsenal = {
  attacks: {
    async oddCalls(attacker) {
      const wire = await greet(attacker);
      const frames = times(100, (index) => oddCall(attacker.random, stream(index))).flat();
      await sendAll(attacker, wire, frames, attacker.random.pick([1, 20, 400]));
      await wire.finish();
    },
    async callsUnread(attacker) {
      const wire = await greet(attacker);
      wire.deafen();
      await sendAll(attacker, wire, times(900, (index) => rightCall(attacker.random, stream(index))).flat(), 300);
      wire.reset();
    },
    async mutatedFrames(attacker) {
      const wire = await greet(attacker);
      const frames = times(6, (index) => oddCall(attacker.random, stream(index))).flat();
      await sendAll(
        attacker,
        wire,
        frames.map((one) => (attacker.random.chance(0.2) ? mutateBytes(attacker.random, one) : one)),
        2,
      );
      await wire.finish();
    },
    async randomFrames(attacker) {
      const wire = await greet(attacker);
      await sendAll(
        attacker,
        wire,
        times(10, () => randomFrame(attacker.random)),
      );
      await wire.finish();
    },
    async oddHellos(attacker) {
      const wire = await attacker.open();
      await sendAll(attacker, wire, [mutateBytes(attacker.random, HELLO), HELLO]);
      wire.reset();
    },
    async floods(attacker) {
      const { random } = attacker;
      const wire = await greet(attacker);
      if (random.chance(0.7)) wire.deafen();
      const flood = random.pick(FLOODS);
      const first = frame(Type.Headers, Flag.EndHeaders, 1, headerBlock(callHeaders(random)));
      await sendAll(attacker, wire, [first, ...times(2000, (index) => flood(random, index))], random.pick([200, 2001]));
      if (random.chance(0.5)) wire.reset();
      else await wire.finish();
    },
    async rapidReset(attacker) {
      const wire = await greet(attacker);
      const { random } = attacker;
      const frames = times(1500, (index) => [
        ...(random.chance(0.5) ? rightCall(random, stream(index)) : rightCall(random, stream(index)).slice(0, 1)),
        frame(Type.RstStream, 0, stream(index), uint32(8)),
      ]).flat();
      await sendAll(attacker, wire, frames, random.pick([100, 4000]));
      await wire.finish();
    },
    async headerBombs(attacker) {
      const wire = await greet(attacker);
      const frames = times(6, (index) => {
        const block = attacker.random.pick(HEADER_BOMBS);
        return frame(Type.Headers, Flag.EndHeaders | Flag.EndStream, stream(index), block.subarray(0, 16_384));
      });
      await sendAll(attacker, wire, frames);
      await wire.finish();
    },
    async continuations(attacker) {
      const wire = await greet(attacker);
      const one = frame(Type.Continuation, 0, 1, headerBlock([['a', 'b']]));
      const first = frame(Type.Headers, 0, 1, headerBlock(callHeaders(attacker.random)));
      await sendAll(attacker, wire, [first, ...times(500, () => one)], attacker.random.pick([10, 501]));
      await wire.finish();
    },
    async gzipBombs(attacker) {
      const wire = await greet(attacker);
      const headers = headerBlock([...callHeaders(attacker.random), ['grpc-encoding', 'gzip']]);
      const body = prefixed(BOMB, { flag: 1 });
      const frames = times(8, (index) => [
        frame(Type.Headers, Flag.EndHeaders, stream(index), headers),
        frame(Type.Data, 0, stream(index), body.subarray(0, 16_000)),
        frame(Type.Data, Flag.EndStream, stream(index), body.subarray(16_000)),
      ]).flat();
      await sendAll(attacker, wire, frames, 3);
      await wire.finish();
    },
    async beyondTheWindow(attacker) {
      const wire = await greet(attacker);
      const first = frame(Type.Headers, Flag.EndHeaders, 1, headerBlock(callHeaders(attacker.random)));
      const data = frame(Type.Data, 0, 1, Buffer.alloc(16_384));
      await sendAll(attacker, wire, [first, ...times(100, () => data)], 101);
      wire.reset();
    },
    async windowsThatOverflow(attacker) {
      const wire = await greet(attacker, { [Setting.InitialWindow]: LARGEST_WINDOW });
      const calls = rightCall(attacker.random, 1);
      const updates = [0, 1, 3].map((id) => frame(Type.WindowUpdate, 0, id, uint32(LARGEST_WINDOW)));
      await sendAll(attacker, wire, [...calls, ...updates, ...rightCall(attacker.random, 3)]);
      await wire.finish();
    },
    async oddSettings(attacker) {
      const { random } = attacker;
      const wire = await attacker.open();
      const values = { [1 + random.int(9)]: random.pick([0, 1, 2, 16_383, 2 ** 24, 2 ** 31, 2 ** 32 - 1]) };
      await sendAll(attacker, wire, [PREFACE, settings(values), ...rightCall(random, 1), settings(values)]);
      await wire.finish();
    },
    async noWindow(attacker) {
      const wire = await greet(attacker, { [Setting.InitialWindow]: 0 });
      await sendAll(attacker, wire, times(200, (index) => rightCall(attacker.random, stream(index))).flat(), 100);
      wire.reset();
    },
    async goAway(attacker) {
      const wire = await greet(attacker);
      const away = frame(Type.GoAway, 0, 0, Buffer.concat([uint32(0), uint32(attacker.random.int(14))]));
      const calls = times(20, (index) => rightCall(attacker.random, stream(index))).flat();
      await sendAll(attacker, wire, [...calls.slice(0, 21), away, ...calls.slice(21)], attacker.random.pick([1, 50]));
      await wire.finish();
    },
    async cutOff(attacker) {
      const bytes = Buffer.concat([HELLO, ...oddCall(attacker.random, 1), ...oddCall(attacker.random, 3)]);
      const wire = await attacker.open();
      await sendAll(attacker, wire, [bytes.subarray(0, attacker.random.int(bytes.length))]);
      if (attacker.random.chance(0.5)) wire.reset();
      else await wire.finish();
    },
  },
  patient: {
    silence: beginnings(
      'PRI ',
      'PRI * HTTP/2.0\r\n\r\n',
      PREFACE,
      HELLO,
      Buffer.concat([HELLO, Buffer.of(0, 0, 100, 0)]),
    ),
    async streamsLeftOpen(attacker) {
      const wire = await greet(attacker);
      const headers = headerBlock(callHeaders(attacker.random));
      await sendAll(
        attacker,
        wire,
        times(500, (index) => frame(Type.Headers, Flag.EndHeaders, stream(index), headers)),
        100,
      );
    },
    async headersLeftOpen(attacker) {
      const wire = await greet(attacker);
      await wire.send(frame(Type.Headers, 0, 1, headerBlock(callHeaders(attacker.random))));
    },
    async noWindow(attacker) {
      const wire = await greet(attacker, { [Setting.InitialWindow]: 0 });
      await sendAll(attacker, wire, times(200, (index) => rightCall(attacker.random, stream(index))).flat(), 100);
    },
    async noWindowAndPings(attacker) {
      const wire = await greet(attacker, { [Setting.InitialWindow]: 0 });
      await sendAll(attacker, wire, rightCall(attacker.random, 1));
      trickle(wire, Buffer.concat(times(1000, () => frame(Type.Ping, 0, 0, Buffer.alloc(8)))), 20);
    },
    async pingsAlone(attacker) {
      const wire = await greet(attacker);
      trickle(wire, Buffer.concat(times(1000, () => frame(Type.Ping, 0, 0, Buffer.alloc(8)))), 20);
    },
    async oneByteAtATime({ open, random }) {
      for (const interval_ms of [20, 300, 1000])
        trickle(await open(), Buffer.concat([HELLO, ...oddCall(random, 1)]), interval_ms);
    },
    async idle(attacker) {
      const wire = await greet(attacker);
      await sendAll(attacker, wire, rightCall(attacker.random, 1));
    },
    async unreadAnswers(attacker) {
      const wire = await greet(attacker, { [Setting.InitialWindow]: LARGEST_WINDOW });
      wire.deafen();
      await wire.send(frame(Type.WindowUpdate, 0, 0, uint32(LARGEST_WINDOW - 65_535)));
      const headers = headerBlock([
        [':method', 'GET'],
        [':scheme', 'http'],
        [':path', '/MetaService'],
      ]);
      const frames = times(1000, (index) =>
        frame(Type.Headers, Flag.EndHeaders | Flag.EndStream, stream(index), headers),
      );
      await sendAll(attacker, wire, frames, 100);
    },
    async halfClosed(attacker) {
      const wire = await greet(attacker);
      wire.deafen();
      await sendAll(attacker, wire, rightCall(attacker.random, 1));
      wire.socket.end();
    },
  },
};
