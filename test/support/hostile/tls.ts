import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { mutateBytes, randomBytes } from '../fuzz/mutate.ts';
import type { Random } from '../random.ts';
import { type Arsenal, type Attacker, beginnings, sendAll, times, trickle } from './attack.ts';
import { Wire } from './wire.ts';

const RECORD_HEADER_BYTES = 5;
const ContentType = { ChangeCipherSpec: 20, Alert: 21, Handshake: 22, ApplicationData: 23, Heartbeat: 24 } as const;

function record(type: number, payload: Buffer, version = 0x0301, length = payload.length): Buffer {
  const header = Buffer.alloc(RECORD_HEADER_BYTES);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(version, 1);
  header.writeUInt16BE(length & 0xffff, 3);
  return Buffer.concat([header, payload]);
}

/** What a client of TLS begins with: a record with its hello. */
const HELLO = await helloOf('TLSv1.3');
const HELLO_OF_1_2 = await helloOf('TLSv1.2');
const messageOf = (hello: Buffer) => hello.subarray(RECORD_HEADER_BYTES);

function helloOf(maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _, done) => {
        done();
        resolve(bytes);
      },
    });
    connectTls({ socket, maxVersion, ALPNProtocols: ['h2', 'http/1.1'], servername: 'localhost' }).on(
      'error',
      () => undefined,
    );
  });
}

/** A hello in as many records as it has bytes. */
function splitHello(hello: Buffer): Buffer[] {
  return [...messageOf(hello)].map((byte) => record(ContentType.Handshake, Buffer.of(byte)));
}

const hello = (random: Random) => random.pick([HELLO, HELLO_OF_1_2]);

function oddRecord(random: Random): Buffer {
  const payload = random.pick([Buffer.alloc(0), randomBytes(random), Buffer.of(1), Buffer.of(2, 40), Buffer.of(1, 0)]);
  const version = random.pick([0x0301, 0x0303, 0x0304, 0, 0xffff]);
  const length = random.chance(0.7) ? payload.length : random.int(0x10000);
  return record(random.pick([20, 21, 22, 23, 24, 0, 255]), payload, version, length);
}

/** Records of which a peer may send some. */
const FLOODS: readonly (() => Buffer)[] = [
  () => record(ContentType.ChangeCipherSpec, Buffer.of(1)),
  () => record(ContentType.Alert, Buffer.of(1, 90)),
  () => record(ContentType.Handshake, Buffer.alloc(0)),
  () => record(ContentType.ApplicationData, Buffer.alloc(100)),
  () => record(ContentType.Heartbeat, Buffer.of(1, 0xff, 0xff)),
];

/** Sends bytes beneath TLS, on a connection that has shaken hands. */
async function sendBeneath(attacker: Attacker, records: readonly Buffer[]): Promise<void> {
  const plain = await Wire.open(attacker.port);
  const socket = connectTls({ socket: plain.socket, rejectUnauthorized: false });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.once('secureConnect', resolve);
    plain.socket.once('close', resolve);
  });
  await sendAll(attacker, plain, records);
  plain.reset();
}

/** The ways to attack TLS before and beneath what it carries. */
export const tls: Arsenal = {
  attacks: {
    async helloByteByByte(attacker) {
      const wire = await attacker.open();
      await sendAll(attacker, wire, splitHello(hello(attacker.random)), attacker.random.pick([20, 1000]));
      await wire.finish();
    },
    async helloThatNeverEnds(attacker) {
      const wire = await attacker.open();
      const first = Buffer.from(messageOf(HELLO));
      first.writeUIntBE(attacker.random.pick([0xffffff, 0x10000, 0x4000]), 1, 3);
      const more = times(200, () =>
        record(ContentType.Handshake, Buffer.alloc(attacker.random.pick([1, 100, 16_384]))),
      );
      await sendAll(attacker, wire, [record(ContentType.Handshake, first), ...more], 20);
      wire.reset();
    },
    async mutatedHello(attacker) {
      const wire = await attacker.open();
      await sendAll(attacker, wire, [mutateBytes(attacker.random, hello(attacker.random))]);
      await wire.finish();
    },
    async cutHello(attacker) {
      const wire = await attacker.open();
      const whole = hello(attacker.random);
      await sendAll(attacker, wire, [whole.subarray(0, attacker.random.int(whole.length))]);
      if (attacker.random.chance(0.5)) wire.reset();
      else await wire.finish();
    },
    async helloAndReset(attacker) {
      const wire = await attacker.open();
      await sendAll(attacker, wire, [hello(attacker.random)]);
      wire.reset();
    },
    async oddRecords(attacker) {
      const wire = await attacker.open();
      const before = attacker.random.chance(0.5) ? [hello(attacker.random)] : [];
      await sendAll(attacker, wire, [...before, ...times(10, () => oddRecord(attacker.random))]);
      await wire.finish();
    },
    async floods(attacker) {
      const wire = await attacker.open();
      const flood = attacker.random.pick(FLOODS);
      await sendAll(attacker, wire, [hello(attacker.random), ...times(1000, flood)], attacker.random.pick([10, 1001]));
      wire.reset();
    },
    async oddRecordsBeneath(attacker) {
      await sendBeneath(
        attacker,
        times(10, () => oddRecord(attacker.random)),
      );
    },
    async hostilityInside(attacker) {
      const wire = await Wire.openTls(attacker.port);
      const { random } = attacker;
      const text = random.pick([
        'PRPC',
        'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
        'CONNECT x:1 HTTP/1.1\r\n\r\n',
        'GET ',
        '\x16\x03',
      ]);
      await sendAll(attacker, wire, [Buffer.from(text, 'latin1'), ...times(30, () => randomBytes(random))]);
      if (random.chance(0.5)) wire.reset();
      else await wire.finish();
    },
    async renegotiation(attacker) {
      const wire = await Wire.openTls(attacker.port, { maxVersion: 'TLSv1.2' });
      for (let left = 5; left > 0 && wire.isOpen; left--) {
        await wire.renegotiate();
        attacker.count(1);
      }
      await wire.finish();
    },
    async plainText(attacker) {
      const wire = await attacker.open();
      await sendAll(attacker, wire, [
        Buffer.from(attacker.random.pick(['PRPC\0\0\0\0', 'GET / HTTP/1.1\r\n\r\n', 'PRI '])),
      ]);
      await wire.finish();
    },
  },
  patient: {
    silence: beginnings('', HELLO.subarray(0, 3), HELLO.subarray(0, 100), HELLO),
    async oneByteAtATime({ open, random }) {
      for (const interval_ms of [5, 50, 1000]) trickle(await open(), hello(random), interval_ms);
    },
    async silenceInside({ port, random }) {
      for (const text of ['', 'P', 'PRPC', 'GET / HTTP/1.1\r\n']) {
        const wire = await Wire.openTls(port, { maxVersion: random.pick(['TLSv1.2', 'TLSv1.3']) });
        await wire.send(Buffer.from(text));
      }
    },
    async halfClosed({ port }) {
      const wire = await Wire.openTls(port);
      wire.deafen();
      wire.socket.end('GET /MetaService HTTP/1.1\r\n\r\n');
    },
  },
};
