import type { Settings } from '../../config/settings.ts';
import { writeDumpFile } from '../../dump/dump-file.ts';
import { originOf } from '../../dump/origin.ts';
import { type Dumped, type DumpOptions, writeDump } from '../../dump/write-dump.ts';
import { openEmbeddedStore } from '../../kv/embedded/store.ts';
import { storeStartError } from '../../server/start-error.ts';
import { ExitCode } from '../exit-code.ts';
import { count, mebibytes, ProgressLine, progressText } from '../show/progress.ts';
import type { Report } from '../show/report.ts';
import type { Terminal } from '../terminal.ts';
import { readVersion } from '../version.ts';
import { asCommandError } from './failures.ts';
import { STANDARD, writeDumpToOutput } from './standard-streams.ts';
import { stoppable } from './stoppable.ts';

export interface DumpCommandOptions {
  /** A file, or `-` for the standard output. */
  readonly out: string;
  readonly instance_id: string | undefined;
  readonly compress: boolean;
  readonly overwrite: boolean;
  readonly most_growth_mb: number;
}

const MIB = 1024 * 1024;

/** Writes the store in `data_dir`, which a service may have open, to a file. Rejects with a CommandError. */
export async function dump(
  settings: Settings,
  options: DumpCommandOptions,
  terminal: Terminal,
): Promise<Report | ExitCode> {
  const dir = settings.data_dir;
  const progress = new ProgressLine(terminal);
  try {
    const report = await stoppable((signal) => dumpFrom(dir, options, settings, progress, signal));
    if (options.out !== STANDARD) return report;
    progress.end();
    terminal.err(`${report.text(terminal.err_columns)}\n`);
    return ExitCode.Done;
  } catch (error) {
    throw asCommandError(error, options.out, '; nothing was written');
  } finally {
    progress.end();
  }
}

async function dumpFrom(
  dir: string,
  options: DumpCommandOptions,
  settings: Settings,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<Report> {
  const { out, instance_id, compress, overwrite, most_growth_mb } = options;
  const store = await openEmbeddedStore({ dir, reads_only: true }).catch((error: unknown) => {
    throw storeStartError(error, settings);
  });
  try {
    const held = await store.holdSnapshot({ most_growth_bytes: most_growth_mb * MIB });
    const all_pairs = instance_id === undefined ? store.stats().keys : undefined;
    let bytes = 0;
    const onProgress: DumpOptions['onProgress'] = (so_far) => {
      bytes = so_far.bytes;
      progress.show((seconds) => progressText('dumped', so_far, seconds, all_pairs));
    };
    const origin = originOf(dir);
    const facts = { origin, program: `nereus ${readVersion()}`, instance_id, compress, signal, onProgress };
    const frames = writeDump(held, store.limits.key_bytes, facts);
    const result = await (out === STANDARD ? writeDumpToOutput(frames) : writeDumpFile(out, frames, { overwrite }));
    return reportOf(result, out, bytes, held.growth_bytes());
  } finally {
    await store.close();
  }
}

function reportOf({ header, ...totals }: Dumped, out: string, bytes: number, growth_bytes: number): Report {
  const grown = growth_bytes > 0 ? `; the store has grown by ${mebibytes(growth_bytes)} meanwhile` : '';
  const name = out === STANDARD ? 'the standard output' : out;
  const text = `dumped ${count(totals.pairs)} pairs as of version ${header.version} to ${name}, ${mebibytes(bytes)}${grown}`;
  return { json: { file: out, ...header, ...totals, bytes, growth_bytes }, text: () => text };
}
