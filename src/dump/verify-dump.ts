import type { DumpHeader, DumpTotals } from './contents.ts';
import { readDump } from './read-dump.ts';

/** Reads a dump to its end, and returns what it says of itself when all of it is as it was written. Rejects with a DumpError. */
export async function verifyDump(
  pieces: AsyncIterable<Uint8Array>,
  onProgress?: (progress: { readonly pairs: number; readonly bytes: number }) => void,
): Promise<DumpTotals & { readonly header: DumpHeader }> {
  const reader = await readDump(pieces);
  try {
    let pairs = 0;
    const blocks = reader.blocks();
    for (;;) {
      const { done, value } = await blocks.next();
      if (done) return { ...value, header: reader.header };
      pairs += value.pairs.length;
      onProgress?.({ pairs, bytes: value.bytes });
    }
  } finally {
    await reader.close();
  }
}
