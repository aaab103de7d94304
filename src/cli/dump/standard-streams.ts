import { once } from 'node:events';
import { DumpFileError } from '../../dump/dump-file.ts';

/** What stands for standard input or output where a file could be named. */
export const STANDARD = '-';

/** Writes a dump to the standard output, as fast as that is read. Rejects with a DumpFileError when nobody reads it any more. */
export async function writeDumpToOutput<T>(frames: AsyncGenerator<Buffer, T>): Promise<T> {
  const { stdout } = process;
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  stdout.on('error', onError);
  try {
    for (;;) {
      const { done, value } = await frames.next();
      if (broken !== undefined) throw new DumpFileError(`the standard output can't be written: ${broken.message}`);
      if (done) return value;
      if (!stdout.write(value)) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(onError);
    }
  } finally {
    await frames.return(undefined as T);
    stdout.removeListener('error', onError);
  }
}
