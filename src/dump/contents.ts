/** What a dump says of itself before its pairs. */
export interface DumpHeader {
  /** No other dump has it. */
  readonly id: string;
  /** When the state was taken, as `2026-01-31T12:00:00.000Z`. */
  readonly time: string;
  /** Where the store is: a host and a directory, say. For people. */
  readonly origin: string;
  /** The program that wrote it: `nereus 0.1.0`. For people. */
  readonly program: string;
  /** The version of the last commit in the state: no versionstamp and no transaction id in it is above. */
  readonly version: bigint;
  /** The one instance whose pairs it has; undefined for a whole store. */
  readonly instance_id: string | undefined;
}

/** What a dump says of itself behind its pairs. */
export interface DumpTrailer extends DumpTotals {
  /** The SHA-256 of all bytes before the trailer, in hex. */
  readonly sha256: string;
}

export interface DumpTotals {
  readonly blocks: number;
  readonly pairs: number;
  readonly key_bytes: number;
  readonly value_bytes: number;
}

/** A header's bytes. */
export function encodeHeader({ version, instance_id, ...texts }: DumpHeader): Buffer {
  return Buffer.from(JSON.stringify({ ...texts, version: version.toString(), instance_id: instance_id ?? null }));
}

/** The header that bytes are, or what is wrong with them, in words. Fields that are not known are left out. */
export function decodeHeader(bytes: Buffer): DumpHeader | string {
  const read = readObject(bytes);
  const { id, time, origin, program, version, instance_id } = read;
  if (![id, time, origin, program].every((field) => typeof field === 'string')) return 'it lacks a text';
  if (typeof version !== 'string' || !/^\d{1,19}$/.test(version)) return 'its version is no number';
  if (instance_id !== null && (typeof instance_id !== 'string' || instance_id === '')) return 'its instance is no name';
  const texts = { id, time, origin, program } as Record<'id' | 'time' | 'origin' | 'program', string>;
  return { ...texts, version: BigInt(version), instance_id: instance_id ?? undefined };
}

/** A trailer's bytes. */
export function encodeTrailer(trailer: DumpTrailer): Buffer {
  return Buffer.from(JSON.stringify(trailer));
}

/** What bytes that should be `trailer` have that is not as it should be, in words; undefined when they are it. */
export function problemOfTrailer(bytes: Buffer, trailer: DumpTrailer): string | undefined {
  const read = readObject(bytes);
  for (const [name, expected] of Object.entries(trailer)) {
    if (read[name] !== expected) return `it says ${name} ${JSON.stringify(read[name])}, and there is ${expected}`;
  }
  return undefined;
}

function readObject(bytes: Buffer): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(bytes.toString());
    return typeof read === 'object' && read !== null ? { ...read } : {};
  } catch {
    return {};
  }
}
