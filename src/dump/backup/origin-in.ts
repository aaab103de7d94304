import { DumpError } from '../dump-error.ts';
import { readDump } from '../read-dump.ts';

/** Where a dump is from, as its header says; undefined for what is none, or has come to no header. */
export async function originIn(pieces: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  try {
    const reader = await readDump(pieces);
    await reader.close();
    return reader.header.origin;
  } catch (error) {
    if (error instanceof DumpError) return undefined;
    throw error;
  }
}
