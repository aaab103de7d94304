import { describe, expect, test } from 'vitest';
import { Failure } from '../failure.ts';
import { FrameReader, frame } from './frame.ts';

function read(pieces: readonly Uint8Array[], max_bytes = 100): Buffer {
  const reader = new FrameReader(max_bytes);
  for (const piece of pieces) reader.add(Buffer.from(piece));
  return reader.message();
}

describe('a message on a stream', () => {
  const message = Buffer.from('hello');

  test('is read as it was framed, in whatever pieces it comes', () => {
    const framed = frame(message);
    expect(framed).toEqual(Buffer.from([0, 0, 0, 0, 5, ...message]));
    for (let cut = 0; cut <= framed.length; cut++) {
      expect(read([framed.subarray(0, cut), framed.subarray(cut)])).toEqual(message);
    }
    expect(read([...framed].map((byte) => Uint8Array.of(byte)))).toEqual(message);
  });

  test('may be empty', () => {
    expect(read([frame(new Uint8Array())])).toEqual(Buffer.alloc(0));
  });

  test('may be as large as is allowed, and no larger', () => {
    expect(read([frame(Buffer.alloc(100))]).length).toBe(100);
    // Refused by its prefix, before it has come.
    expect(() => read([frame(Buffer.alloc(101)).subarray(0, 5)])).toThrow(/larger than max_message_bytes, 100/);
  });

  test.each([
    ['nothing', []],
    ['a part of the prefix', [Buffer.alloc(4)]],
    ['a part of the message', [frame(message).subarray(0, 9)]],
    ['more than one message', [frame(message), frame(message)]],
    ['a compressed message', [Buffer.from([1, 0, 0, 0, 0])]],
  ])('is not %s', (_, pieces) => {
    expect(() => read(pieces)).toThrow(Failure);
  });
});
