import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBudget } from '../byte-budget.ts';
import { type Frame, FrameDecoder } from './frame-decoder.ts';
import { FrameError } from './frame-header.ts';

function frame(meta: Uint8Array, payload: Uint8Array): Buffer {
  const header = Buffer.from('PRPC________');
  header.writeUInt32BE(meta.length + payload.length, 4);
  header.writeUInt32BE(meta.length, 8);
  return Buffer.concat([header, meta, payload]);
}

function header(body_bytes: number, meta_bytes: number): Buffer {
  const bytes = frame(Buffer.alloc(0), Buffer.alloc(0));
  bytes.writeUInt32BE(body_bytes, 4);
  bytes.writeUInt32BE(meta_bytes, 8);
  return bytes;
}

/** The pieces of `bytes` that end at each of `cuts`. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

function decoder(budget_bytes = 1_000_000, max_body_bytes = 100_000) {
  const budget = new ByteBudget(budget_bytes);
  return { budget, decoder: new FrameDecoder({ max_body_bytes, budget }) };
}

function taken(from: FrameDecoder): Frame[] {
  const frames: Frame[] = [];
  for (let next = from.next(); next !== undefined; next = from.next()) frames.push(next);
  return frames;
}

const anyFrame = fc.tuple(
  fc.uint8Array({ maxLength: 40 }),
  fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.nat({ max: 90_000 }).map((length) => new Uint8Array(length).fill(9)),
  ),
);

describe('frames', () => {
  test('come out as they were sent, in whatever pieces they come, and take their bytes from the budget', () => {
    const cuts = fc.array(fc.nat({ max: 200_000 }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 6 }), cuts, fc.boolean(), (sent, at, takeAtEnd) => {
        const { budget, decoder: from } = decoder();
        const received: Frame[] = [];
        for (const piece of pieces(Buffer.concat(sent.map(([meta, payload]) => frame(meta, payload))), at)) {
          from.push(piece);
          if (!takeAtEnd) received.push(...taken(from));
        }
        received.push(...taken(from));
        expect(received).toHaveLength(sent.length);
        for (const [i, [meta, payload]] of sent.entries()) {
          expect(received[i]?.meta.equals(meta)).toBe(true);
          expect(received[i]?.payload?.equals(payload)).toBe(true);
        }
        expect(from.isMidFrame).toBe(false);
        expect(budget.used).toBe(sent.reduce((sum, [, payload]) => sum + payload.length, 0));
      }),
      { numRuns: 300 },
    );
  });

  test('come whole when each byte comes alone', () => {
    const { budget, decoder: from } = decoder();
    const sent = Buffer.concat([frame(Buffer.from('meta'), Buffer.from('payload')), frame(Buffer.of(), Buffer.of())]);
    const received: Frame[] = [];
    for (const byte of sent) {
      from.push(Buffer.of(byte));
      received.push(...taken(from));
    }
    expect(received.map(({ meta, payload }) => `${meta} ${payload}`)).toEqual(['meta payload', ' ']);
    expect(budget.used).toBe('payload'.length);
  });

  test('are never anything but frames or a FrameError, whatever comes', () => {
    const spoilt = fc.tuple(
      fc.array(anyFrame, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
    );
    const cuts = fc.array(fc.nat({ max: 200_000 }), { maxLength: 10 });
    fc.assert(
      fc.property(spoilt, cuts, fc.nat({ max: 60_000 }), ([sent, where, value], at, room) => {
        const bytes = Buffer.concat(sent.map(([meta, payload]) => frame(meta, payload)));
        bytes[where % Math.min(bytes.length, 64)] = value;
        const { budget, decoder: from } = decoder(room);
        try {
          for (const piece of pieces(bytes, at)) {
            from.push(piece);
            for (let next = from.next(); next !== undefined; next = from.next()) {
              budget.giveBack(next.payload?.length ?? 0);
            }
          }
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
        from.release();
        expect(budget.used).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('limits', () => {
  test.each([
    ['a body over the limit', header(100_001, 0), 'body_size=100001 is too large, brpc_max_body_size allows 100000'],
    ['the largest body there is', header(0xffff_ffff, 0), 'body_size=4294967295 is too large'],
    ['a meta larger than the body', header(10, 11), 'meta_size=11 is bigger than body_size=10'],
    ['a meta over its limit', header(70_000, 65_537), 'meta_size=65537 is too large, 65536 is the most'],
    ['something else', Buffer.from('GET / HTTP/1.1\r\n'), 'sent bytes that begin no frame'],
  ])('%s is refused on its header alone', (_, bytes, message) => {
    const { budget, decoder: from } = decoder();
    from.push(bytes);
    expect(() => from.next()).toThrow(message);
    expect(budget.used).toBe(0);
  });

  test('a body that is announced takes no room before it comes', () => {
    const { budget, decoder: from } = decoder();
    from.push(header(100_000, 0));
    expect(from.next()).toBeUndefined();
    expect(budget.used).toBe(0);
    from.push(Buffer.alloc(10));
    expect(from.next()).toBeUndefined();
    expect(budget.used).toBe(10);
    from.release();
    expect(budget.used).toBe(0);
  });

  test('a body for which there is no room is thrown away, and what follows is read', () => {
    const next = frame(Buffer.from('next'), Buffer.from('payload'));
    for (const pieceBytes of [1, 7, 1000, 10_000]) {
      const { budget, decoder: from } = decoder(500);
      const bytes = Buffer.concat([frame(Buffer.from('meta'), Buffer.alloc(8_000)), next]);
      const received: Frame[] = [];
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        from.push(bytes.subarray(at, at + pieceBytes));
        received.push(...taken(from));
        expect(budget.used).toBeLessThanOrEqual(500 + 500 / 8);
        if (at + pieceBytes > 1000) expect(received[0]?.meta.toString()).toBe('meta');
      }
      expect(received.map(({ payload }) => payload?.toString())).toEqual([undefined, 'payload']);
      expect(budget.used).toBe('payload'.length);
    }
  });

  test('a meta for which there is no room can not be answered', () => {
    const { budget, decoder: from } = decoder(10);
    from.push(frame(Buffer.alloc(100), Buffer.alloc(100)).subarray(0, 50));
    expect(() => from.next()).toThrow(FrameError);
    expect(budget.used).toBe(0);
  });
});
