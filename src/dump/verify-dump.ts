import { readDump } from './read-dump.ts';
import type { Dumped } from './write-dump.ts';

/** Reads a dump to its end, and returns what it says of itself when all of it is as it was written. Rejects with a DumpError. */
export async function verifyDump(
  pieces: AsyncIterable<Uint8Array>,
  onProgress?: (progress: { readonly pairs: number; readonly bytes: number }) => void,
): Promise<Dumped> {
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
