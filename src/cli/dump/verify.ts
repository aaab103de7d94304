import type { Settings } from '../../config/settings.ts';
import type { DumpHeader, DumpTotals } from '../../dump/contents.ts';
import { verifyDump } from '../../dump/verify-dump.ts';
import { count, ProgressLine, progressText } from '../show/progress.ts';
import type { Report } from '../show/report.ts';
import type { Terminal } from '../terminal.ts';
import { asCommandError } from './failures.ts';
import { readDumpFrom } from './read-dump-from.ts';

/** Reads a dump to its end, and says what it holds. Rejects with a CommandError when it is not as it was written. */
export async function verify(settings: Settings, path: string, terminal: Terminal): Promise<Report> {
  const progress = new ProgressLine(terminal);
  try {
    const result = await verifyDump(readDumpFrom(path, settings), (so_far) =>
      progress.show((seconds) => progressText('verified', so_far, seconds)),
    );
    const { header, ...totals } = result;
    return { json: { file: path, sound: true, ...header, ...totals }, text: () => descriptionOf(header, totals) };
  } catch (error) {
    throw asCommandError(error, path, '');
  } finally {
    progress.end();
  }
}

function descriptionOf(header: DumpHeader, { pairs, blocks }: DumpTotals): string {
  const what = header.instance_id === undefined ? 'a whole store' : `instance ${JSON.stringify(header.instance_id)}`;
  return [
    `sound: ${count(pairs)} pairs in ${count(blocks)} blocks`,
    `of ${what}, as of version ${header.version}, ${header.time}`,
    `from ${header.origin}, written by ${header.program}`,
  ].join('\n');
}
