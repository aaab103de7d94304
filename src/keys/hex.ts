const NOT_HEX = -1;

/**
 * Reads hex as Doris does, which never fails: a last odd digit is left out, and from the first character that is no hex
 * digit on everything counts as zeros.
 */
export function bytesFromHex(hex: Uint8Array): Buffer {
  const bytes = Buffer.alloc(hex.length >> 1);
  for (let i = 0; i < bytes.length; i++) {
    const high = hexDigit(hex[2 * i] as number);
    if (high === NOT_HEX) break;
    const low = hexDigit(hex[2 * i + 1] as number);
    bytes[i] = (high << 4) | (low === NOT_HEX ? 0 : low);
    if (low === NOT_HEX) break;
  }
  return bytes;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : NOT_HEX;
}
