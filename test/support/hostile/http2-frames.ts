/** What HTTP/2 and HPACK look like on the wire, as far as it takes to break them. */

export const Type = {
  Data: 0,
  Headers: 1,
  Priority: 2,
  RstStream: 3,
  Settings: 4,
  PushPromise: 5,
  Ping: 6,
  GoAway: 7,
  WindowUpdate: 8,
  Continuation: 9,
} as const;

export const Flag = { EndStream: 1, Ack: 1, EndHeaders: 4, Padded: 8, Priority: 32 } as const;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

const HEADER_BYTES = 9;
const EMPTY = Buffer.alloc(0);

export function frame(type: number, flags: number, stream: number, payload: Buffer = EMPTY): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

export function settings(values: Readonly<Record<number, number>> = {}): Buffer {
  const payload = Object.entries(values).map(([id, value]) => {
    const bytes = Buffer.alloc(6);
    bytes.writeUInt16BE(Number(id), 0);
    bytes.writeUInt32BE(value, 2);
    return bytes;
  });
  return frame(Type.Settings, 0, 0, Buffer.concat(payload));
}

/** The ids of settings. */
export const Setting = { HeaderTableSize: 1, EnablePush: 2, MaxStreams: 3, InitialWindow: 4, MaxFrameSize: 5 } as const;

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Headers one after the other, as literals that are remembered nowhere. */
export function headerBlock(headers: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));
}

export function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
}

/** A number of HPACK, behind a prefix of so many bits in a byte that begins with `first`. */
export function integer(value: number, bits: number, first: number): Buffer {
  const most = 2 ** bits - 1;
  if (value < most) return Buffer.of(first | value);
  const bytes = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

/** A message of gRPC behind its prefix, of which anything may be a lie. */
export function prefixed(message: Buffer, { flag = 0, length = message.length } = {}): Buffer {
  return Buffer.concat([Buffer.of(flag), uint32(length), message]);
}
