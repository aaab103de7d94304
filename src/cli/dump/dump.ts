import type { Settings } from '../../config/settings.ts';
import { mustNotBeServed } from '../../dump/cluster/living-services.ts';
import { settledState } from '../../dump/cluster/settled-state.ts';
import { writeDumpFile } from '../../dump/dump-file.ts';
import { originOf } from '../../dump/origin.ts';
import { clusterHome, rangesOfDump } from '../../dump/ranges.ts';
import { type Dumped, type DumpOptions, writeDump } from '../../dump/write-dump.ts';
import type { HeldSnapshot } from '../../kv/held-snapshot.ts';
import { holdSnapshot } from '../../kv/held-snapshot.ts';
import type { Store } from '../../kv/store.ts';
import { openStoreToRead } from '../../server/open-store.ts';
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
  /** Whether a cluster may be dumped though services are registered there. */
  readonly while_in_use: boolean;
}

const MIB = 1024 * 1024;

/** Writes the store that the settings name, which a service may have open where it is embedded, to a file. Rejects with a CommandError. */
export async function dump(
  settings: Settings,
  options: DumpCommandOptions,
  terminal: Terminal,
): Promise<Report | ExitCode> {
  const progress = new ProgressLine(terminal);
  try {
    const report = await stoppable((signal) => dumpFrom(options, settings, progress, signal));
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
  options: DumpCommandOptions,
  settings: Settings,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<Report> {
  const { out, instance_id, compress, overwrite } = options;
  const store = await openStoreToRead(settings);
  try {
    const show = (deed: string, so_far: { pairs: number; bytes: number }, all_pairs: number | undefined) => {
      signal.throwIfAborted();
      progress.show((seconds) => progressText(deed, so_far, seconds, all_pairs));
    };
    const { held, all_pairs, ...source } = await sourceOf(store, options, settings, (so_far) =>
      show('read', so_far, undefined),
    );
    let bytes = 0;
    const onProgress: DumpOptions['onProgress'] = (so_far) => {
      bytes = so_far.bytes;
      show('dumped', so_far, all_pairs);
    };
    const facts = { ...source, program: `nereus ${readVersion()}`, instance_id, compress, signal, onProgress };
    const frames = writeDump(held, store.limits.key_bytes, facts);
    const result = await (out === STANDARD ? writeDumpToOutput(frames) : writeDumpFile(out, frames, { overwrite }));
    return reportOf(result, out, bytes, held.growth_bytes());
  } finally {
    await store.close();
  }
}

interface DumpSource extends Pick<DumpOptions, 'origin' | 'ranges' | 'must_be'> {
  readonly held: HeldSnapshot;
  readonly all_pairs: number | undefined;
}

/** What is dumped. A cluster holds no state, so it is read twice: this is the first time. */
async function sourceOf(
  store: Store,
  { instance_id, most_growth_mb, while_in_use }: DumpCommandOptions,
  { kv, data_dir, fdb_cluster_file_path }: Settings,
  onPage: (so_far: { pairs: number; bytes: number }) => void,
): Promise<DumpSource> {
  if (kv === 'embedded') {
    const held = await holdSnapshot(store, { most_growth_bytes: most_growth_mb * MIB });
    const all_pairs = instance_id === undefined ? store.stats?.().keys : undefined;
    return { held, origin: originOf(data_dir), all_pairs };
  }
  if (!while_in_use) await mustNotBeServed(store);
  const ranges = instance_id === undefined ? clusterHome : rangesOfDump(instance_id, store.limits.key_bytes);
  const settled = await settledState(store, ranges, onPage);
  const { pairs } = settled.must_be;
  return { ...settled, ranges, origin: originOf(fdb_cluster_file_path), all_pairs: pairs };
}

function reportOf({ header, ...totals }: Dumped, out: string, bytes: number, growth_bytes: number): Report {
  const grown = growth_bytes > 0 ? `; the store has grown by ${mebibytes(growth_bytes)} meanwhile` : '';
  const name = out === STANDARD ? 'the standard output' : out;
  const text = `dumped ${count(totals.pairs)} pairs as of version ${header.version} to ${name}, ${mebibytes(bytes)}${grown}`;
  return { json: { file: out, ...header, ...totals, bytes, growth_bytes }, text: () => text };
}
