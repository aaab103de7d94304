import { mutateBytes, randomBytes } from '../fuzz/mutate.ts';
import type { Random } from '../random.ts';
import { type Arsenal, beginnings, sendAll, times, trickle } from './attack.ts';
import { METHODS, odd, requestOf } from './requests.ts';

/** Requests that are in order, each with its body. */
const REQUESTS = [
  'GET /health HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /MetaService/http/get_instance?token=t&instance_id=i HTTP/1.1\r\nHost: x\r\n\r\n',
  'PUT /MetaService/http/add_node?token=greedisgood9999 HTTP/1.1\r\nContent-Length: 13\r\n\r\n{"a":"bcdef"}',
  'POST /MetaService/get_version HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"db_\r\n6;a=b\r\nid":1}\r\n0\r\nT: v\r\n\r\n',
  'PUT /p HTTP/1.1\r\nExpect: 100-continue\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc',
  'GET http://h/ HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nConnection: keep-alive\r\n\r\n',
].map((text) => Buffer.from(text));

/** Requests that end their connection, or should never have begun. */
const OFFENCES = [
  'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /health HTTP/1.1\r\n\r\nCONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /\r\n\r\n',
  'GET / HTTP/9.9\r\n\r\n',
  'PRIX * HTTP/2.0\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef',
  'POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n',
  'POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n',
  'POST /MetaService/get_version HTTP/1.1\r\nContent-Length: 68719476736\r\n\r\nabc',
  'POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n',
  'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n',
  `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;${'x'.repeat(100_000)}\r\nabc\r\n0\r\n\r\n`,
  `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${'T: v\r\n'.repeat(20_000)}\r\n`,
  `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
  `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(20_000)}\r\n`,
  `GET / HTTP/1.1\r\nA: ${'b'.repeat(100_000)}\r\n\r\n`,
  'GET / HTTP/1.1\r\nA\0: b\r\n\r\n',
  'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n',
  'GET / HTTP/1.1\nHost: x\n\n',
  'POST / HTTP/1.1\r\nExpect: the best\r\nContent-Length: 3\r\n\r\nabc',
].map((text) => Buffer.from(text, 'latin1'));

/** A call of a method whose body is not what it should be. */
function oddCall(random: Random): Buffer {
  const isBinary = random.chance(0.7);
  const text = `{"cloud_unique_id":"1:nobody:x","${odd(random)}":[${odd(random)}],"db_id":1}`;
  const right = isBinary ? requestOf(random) : Buffer.from(text);
  const body = random.chance(0.8) ? mutateBytes(random, right) : randomBytes(random);
  const type = isBinary ? 'application/proto' : 'application/json';
  const head = `POST /MetaService/${random.pick(METHODS)} HTTP/1.1\r\nContent-Type: ${type}\r\n`;
  if (random.chance(0.7)) {
    return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]);
  }
  const chunks = [body.subarray(0, 1), body.subarray(1)].filter(({ length }) => length > 0);
  const framed = chunks.flatMap((one) => [Buffer.from(`${one.length.toString(16)}\r\n`), one, Buffer.from('\r\n')]);
  return Buffer.concat([Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`), ...framed, Buffer.from('0\r\n\r\n')]);
}

/** The ways to attack HTTP/1. */
export const http1: Arsenal = {
  attacks: {
    async oddCalls(attacker) {
      const wire = await attacker.open();
      await sendAll(
        attacker,
        wire,
        times(200, () => oddCall(attacker.random)),
        attacker.random.pick([1, 10, 200]),
      );
      await wire.finish();
    },
    async mutatedRequests(attacker) {
      const { random } = attacker;
      const wire = await attacker.open();
      await sendAll(
        attacker,
        wire,
        times(10, () => mutateBytes(random, random.pick(REQUESTS))),
        random.pick([1, 2, 10]),
      );
      await wire.finish();
    },
    async offences(attacker) {
      const { random } = attacker;
      const wire = await attacker.open();
      await sendAll(attacker, wire, [random.pick(REQUESTS), random.pick(OFFENCES)], random.pick([1, 2]));
      if (random.chance(0.5)) wire.reset();
      else await wire.finish();
    },
    async mutatedOffences(attacker) {
      const { random } = attacker;
      const wire = await attacker.open();
      await sendAll(attacker, wire, [mutateBytes(random, random.pick(OFFENCES))]);
      await wire.finish();
    },
    async cutOff(attacker) {
      const wire = await attacker.open();
      const request = attacker.random.pick(REQUESTS);
      await sendAll(attacker, wire, [request, request.subarray(0, attacker.random.int(request.length))], 2);
      if (attacker.random.chance(0.5)) wire.reset();
      else await wire.finish();
    },
    async floodUnread(attacker) {
      const wire = await attacker.open();
      wire.deafen();
      const requests = times(3000, () => attacker.random.pick(REQUESTS.slice(0, 4)));
      await sendAll(attacker, wire, requests, 500);
      wire.reset();
    },
    async tooManyPipelined(attacker) {
      const wire = await attacker.open();
      const first = Buffer.from('POST /MetaService/get_version HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}');
      await sendAll(
        attacker,
        wire,
        times(6000, () => first),
        6000,
      );
      wire.reset();
    },
    async splitAnywhere(attacker) {
      const wire = await attacker.open();
      const request = attacker.random.pick(REQUESTS);
      for (let size = 1; size < request.length && wire.isOpen; size += 7) {
        await wire.sendInPieces(request, size);
        attacker.count(1);
      }
      await wire.finish();
    },
    async randomText(attacker) {
      const wire = await attacker.open();
      const { random } = attacker;
      await sendAll(attacker, wire, [
        Buffer.concat([Buffer.from(random.pick(['GET ', '\r\n', 'x'])), randomBytes(random)]),
      ]);
      await wire.finish();
    },
  },
  patient: {
    silence: beginnings('', 'G', '\r\n', 'GET / HTTP/1.1\r\n', 'GET / HTTP/1.1\r\nA: b', 'PROPFIND'),
    halfBodies: beginnings(
      'POST /MetaService/get_version HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc',
      'POST /MetaService/get_version HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
      'POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n',
    ),
    tunnels: beginnings('CONNECT x:1 HTTP/1.1\r\n\r\n', 'CONNECT x:1 HTTP/1.1\r\n\r\nhello'),
    idle: beginnings('GET /health HTTP/1.1\r\n\r\n', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'),
    async oneByteAtATime({ open, random }) {
      for (const interval_ms of [50, 300, 1000]) trickle(await open(), random.pick(REQUESTS), interval_ms);
      const slow = 'POST /MetaService/get_version HTTP/1.1\r\nContent-Length: 100000\r\n\r\n';
      const wire = await open();
      await wire.send(Buffer.from(slow));
      trickle(wire, Buffer.alloc(100_000), 100);
    },
    async unreadAnswers(attacker) {
      const wire = await attacker.open();
      wire.deafen();
      // Answered with all methods that there are.
      const asked = Buffer.from('GET /MetaService HTTP/1.1\r\n\r\n');
      await sendAll(
        attacker,
        wire,
        times(4000, () => asked),
        400,
      );
    },
    async halfClosed({ open }) {
      const wire = await open();
      wire.deafen();
      await wire.send(Buffer.from('GET /MetaService HTTP/1.1\r\n\r\n'));
      wire.socket.end();
    },
  },
};
