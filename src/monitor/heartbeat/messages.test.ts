import type { TBufferedTransport } from 'thrift';
import { expect, test } from 'vitest';
import { newSeed, Random } from '../../../test/support/random.ts';
import { type Heartbeat, heartbeatCall, readHeartbeat } from './messages.ts';
import { loadThrift } from './thrift.ts';

const thrift = await loadThrift();

/** `heartbeat` as an answer, with all that a backend of Doris 3.0 says, written out by hand. */
const ANSWER = Buffer.from(
  [
    ...['80010002', '00000009', '686561727462656174', '00000001'],
    ...['0c0000', '0c0001', '080001', '00000000', '00'],
    ...['0c0002', '080001', '00002b5c', '080002', '00002b5d', '080003', 'ffffffff', '080004', '00002b5f'],
    ...['0b0005', '00000003', '332e30', '0a0006', '000001881f3b5c00', '020008', '00'],
    ...['0a03e8', '0000000000000003', '0a03e9', '000001881f1ac433', '00', '00', '00'],
  ].join(''),
  'hex',
);
const FACTS = {
  be_port: 11100,
  http_port: 11101,
  brpc_port: 11103,
  fragment_num: 3,
  last_fragment_update_ms: 0x01881f1ac433,
};

/** What is read from bytes that come in pieces; `more` where they are not a whole answer. */
function read(bytes: Buffer, pieces = 1): Heartbeat | 'more' | 'nonsense' {
  let last: Heartbeat | 'more' | 'nonsense' = 'more';
  const receive = thrift.TBufferedTransport.receiver((transport: TBufferedTransport) => {
    try {
      last = readHeartbeat(new thrift.TBinaryProtocol(transport, true, true));
    } catch (error) {
      if (error instanceof thrift.InputBufferUnderrunError) transport.rollbackPosition();
      else last = 'nonsense';
    }
  }, 0);
  const step = Math.ceil(bytes.length / pieces);
  for (let from = 0; from < bytes.length && last === 'more'; from += step) receive(bytes.subarray(from, from + step));
  return last;
}

test('a call says nothing but that nobody asks', () => {
  const expected = [
    ...['80010001', '00000009', '686561727462656174', '00000001'],
    ...['0c0001', '0c0001', '0b0001', '00000000', '080002', '00000000', '00'],
    ...['080002', 'ffffffff', '0a0003', '0000000000000000', '00', '00'],
  ];
  expect(heartbeatCall(thrift).toString('hex')).toBe(expected.join(''));
});

test.each([1, 2, 7, ANSWER.length])('an answer in %i pieces is read', (pieces) => {
  expect(read(ANSWER, pieces)).toEqual({ kind: 'facts', facts: FACTS });
});

test('an answer without what is optional has what a frontend has for it', () => {
  const head = ANSWER.subarray(0, 21).toString('hex');
  const status = ['0c0000', '0c0001', '080001', '00000000', '00'];
  const withPorts = [...status, '0c0002', '080001', '00000001', '080002', '00000002', '00'];
  const answer = (fields: readonly string[]) => read(Buffer.from([head, ...fields, '00', '00'].join(''), 'hex'));
  expect(answer(status)).toEqual({ kind: 'fault', why: 'it answered without saying what it is' });
  const none = { brpc_port: -1, fragment_num: 0, last_fragment_update_ms: 0 };
  expect(answer(withPorts)).toEqual({ kind: 'facts', facts: { be_port: 1, http_port: 2, ...none } });
  expect(answer(['0c0000'])).toEqual({ kind: 'fault', why: 'it answered without a status' });
});

test('any cut of an answer is no answer yet', () => {
  for (let length = 0; length < ANSWER.length; length++) expect(read(ANSWER.subarray(0, length))).toBe('more');
});

test('an answer with any bytes changed is read as facts that can be, or as none', () => {
  const random = new Random(newSeed());
  for (let times = 0; times < 20_000; times++) {
    const bytes = Buffer.from(ANSWER);
    for (let changes = 1 + random.int(4); changes > 0; changes--) {
      bytes[random.int(bytes.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.int(256)]);
    }
    const outcome = read(bytes, 1 + random.int(4));
    if (typeof outcome === 'string' || outcome.kind === 'fault') continue;
    const { be_port, http_port, brpc_port, fragment_num, last_fragment_update_ms } = outcome.facts;
    for (const port of [be_port, http_port, brpc_port]) expect(port >= -1 && port <= 65_535).toBe(true);
    for (const count of [fragment_num, last_fragment_update_ms]) {
      expect(Number.isSafeInteger(count) && count >= 0).toBe(true);
    }
  }
});
