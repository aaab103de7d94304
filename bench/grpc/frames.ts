/** The frames of HTTP/2 that a client of the bench sends and looks for (RFC 9113, section 6). */
export const FRAME = { data: 0, headers: 1, rst_stream: 3, settings: 4, ping: 6, goaway: 7, window_update: 8 } as const;

export const FLAG = { end_stream: 0x1, ack: 0x1, end_headers: 0x4 } as const;

export const FRAME_HEAD_BYTES = 9;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(FRAME_HEAD_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(stream, 5);
  bytes.set(payload, FRAME_HEAD_BYTES);
  return bytes;
}

function windowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame(FRAME.window_update, 0, stream, payload);
}

/** Every window as large as can be, so that no answer of the bench ever waits for one. */
export function widestWindows(): Buffer {
  const INITIAL_WINDOW_SIZE = 4;
  const WIDEST = 2 ** 31 - 1;
  const DEFAULT = 65_535;
  const setting = Buffer.alloc(6);
  setting.writeUInt16BE(INITIAL_WINDOW_SIZE, 0);
  setting.writeUInt32BE(WIDEST, 2);
  return Buffer.concat([frame(FRAME.settings, 0, 0, setting), windowUpdate(0, WIDEST - DEFAULT)]);
}
