import { gzipSync } from 'node:zlib';
import { mutateBytes, randomBytes } from '../fuzz/mutate.ts';
import type { Random } from '../random.ts';
import { times } from './attack.ts';
import {
  Flag,
  frame,
  headerBlock,
  integer,
  literal,
  PREFACE,
  prefixed,
  Setting,
  settings,
  Type,
  uint32,
} from './http2-frames.ts';
import { METHODS, odd, requestOf } from './requests.ts';

const MIB = 1024 * 1024;
export const LARGEST_WINDOW = 2 ** 31 - 1;
export const BOMB = gzipSync(Buffer.alloc(16 * MIB));
export const HELLO = Buffer.concat([PREFACE, settings()]);

export type Header = readonly [name: string, value: string];

export function callHeaders(random: Random): Header[] {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', `/doris.cloud.MetaService/${random.pick(METHODS)}`],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ];
}

/** Headers that are not allowed, or not expected. */
const ODD_HEADERS: readonly Header[] = [
  ['grpc-timeout', '1n'],
  ['grpc-timeout', '0S'],
  ['grpc-timeout', '99999999H'],
  ['grpc-timeout', '123456789S'],
  ['grpc-encoding', 'gzip'],
  ['grpc-encoding', 'br'],
  ['grpc-accept-encoding', 'gzip'],
  ['content-type', 'application/grpc+json'],
  ['content-type', 'text/plain'],
  ['content-length', '5'],
  ['content-length', '-5'],
  ['content-length', '99999999999'],
  ['expect', '100-continue'],
  ['connection', 'close'],
  ['Upper', 'case'],
  ['', 'nameless'],
  [':path', '/again'],
  [':method', 'HEAD'],
  [':method', 'CONNECT'],
  [':status', '200'],
  [':unknown', 'x'],
  ['a b', 'c\r\nd: e'],
  ['te', 'gzip'],
];

function oddHeaders(random: Random): Buffer {
  const headers = callHeaders(random);
  for (let left = random.int(3); left > 0; left--) {
    const at = random.int(headers.length + 1);
    if (random.chance(0.3)) headers.splice(at, 1);
    else headers.splice(random.chance(0.7) ? headers.length : at, 0, random.pick(ODD_HEADERS));
  }
  const isText = random.chance(0.2);
  if (isText)
    headers.splice(
      0,
      headers.length,
      [':method', random.pick(['GET', 'HEAD', 'PUT', 'OPTIONS'])],
      [':scheme', 'http'],
      [':path', random.pick(['/health', '/MetaService/get_version', `/${odd(random)}`])],
    );
  return headerBlock(headers);
}

/** What a call sends: a message, or what looks like one. */
function oddBody(random: Random): Buffer {
  const request = random.chance(0.5) ? requestOf(random) : mutateBytes(random, requestOf(random));
  return random.weighted([
    [6, () => prefixed(request)],
    [2, () => prefixed(request, { length: random.pick([0, 1, request.length + 1, 64 * MIB + 1, 2 ** 32 - 1]) })],
    [1, () => prefixed(request, { flag: random.pick([1, 2, 255]) })],
    [1, () => Buffer.concat([prefixed(request), prefixed(request)])],
    [1, () => prefixed(gzipSync(request), { flag: 1 })],
    [1, () => randomBytes(random)],
  ])();
}

/** A call, in some frames. */
export function oddCall(random: Random, stream: number): Buffer[] {
  const body = oddBody(random);
  const cut = random.int(body.length + 1);
  return [
    frame(Type.Headers, Flag.EndHeaders, stream, oddHeaders(random)),
    frame(Type.Data, 0, stream, body.subarray(0, cut)),
    ...(random.chance(0.1) ? [] : [frame(Type.Data, Flag.EndStream, stream, body.subarray(cut))]),
    ...(random.chance(0.1) ? [frame(Type.RstStream, 0, stream, uint32(random.int(14)))] : []),
  ];
}

export function rightCall(random: Random, stream: number): Buffer[] {
  return [
    frame(Type.Headers, Flag.EndHeaders, stream, headerBlock(callHeaders(random))),
    frame(Type.Data, Flag.EndStream, stream, prefixed(requestOf(random))),
  ];
}

export function randomFrame(random: Random): Buffer {
  const bytes = frame(random.int(12), random.int(256), random.int(8), randomBytes(random));
  // Now and then the length is a lie.
  if (random.chance(0.2)) bytes.writeUIntBE(random.int(2 ** 24), 0, 3);
  return bytes;
}

/** Each of them many times over, a peer may send one. */
export const FLOODS: readonly ((random: Random, index: number) => Buffer)[] = [
  () => frame(Type.Ping, 0, 0, Buffer.alloc(8)),
  () => frame(Type.Ping, Flag.Ack, 0, Buffer.alloc(8)),
  () => settings(),
  () => settings({ [Setting.InitialWindow]: 70_000 }),
  () => frame(Type.Settings, Flag.Ack, 0),
  (random) =>
    frame(Type.Priority, 0, 1 + 2 * random.int(1000), Buffer.concat([uint32(random.int(1000)), Buffer.of(16)])),
  () => frame(Type.WindowUpdate, 0, 0, uint32(1)),
  () => frame(Type.WindowUpdate, 0, 1, uint32(1)),
  () => frame(Type.Data, 0, 1),
  () => frame(Type.Data, Flag.Padded, 1, Buffer.concat([Buffer.of(200), Buffer.alloc(200)])),
  () => frame(200, 0, 0, Buffer.alloc(10)),
  () => frame(Type.GoAway, 0, 0, Buffer.alloc(8)),
  (random, index) =>
    frame(Type.Headers, Flag.EndHeaders | Flag.EndStream, 3 + 2 * index, headerBlock(callHeaders(random))),
  (random, index) => frame(Type.Headers, Flag.EndHeaders, 3 + 2 * index, headerBlock(callHeaders(random))),
];

/** Header blocks that are too much, or that can't be read. */
export const HEADER_BOMBS: readonly Buffer[] = [
  headerBlock([['a', 'b'.repeat(12_000)]]),
  // 4000 bytes that are remembered, and named again and again.
  Buffer.concat([Buffer.of(0x40), literal('a'), literal('b'.repeat(4000)), Buffer.alloc(12_000, 0x80 | 62)]),
  headerBlock(times(2500, (index): Header => [`h${index}`, ''])),
  Buffer.of(0x80),
  Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
  Buffer.of(0x00, 0xff, 0xff, 0xff, 0xff, 0xff),
  // Huffman, of what has no end.
  Buffer.concat([Buffer.of(0x00), integer(30, 7, 0x80), Buffer.alloc(30, 0xff), literal('x')]),
  Buffer.concat([integer(2 ** 20, 5, 0x20), Buffer.alloc(10_000, 0x3f)]),
];
