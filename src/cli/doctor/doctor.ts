import type { Settings } from '../../config/settings.ts';
import { type Examination, examineStore } from '../../doctor/examine-store.ts';
import type { Finding } from '../../doctor/findings.ts';
import { StoreError } from '../../kv/store-error.ts';
import { openStoreToRead } from '../../server/open-store.ts';
import { StartError, storeStartError } from '../../server/start-error.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { Report } from '../show/report.ts';
import { tableText } from '../show/table.ts';

/** How often people are told how far it is. */
const TELL_EVERY_PAIRS = 1_000_000;

/** Checks the store that the settings name. `note` is told how far it is, for large stores. */
export async function doctor(settings: Settings, note: (text: string) => void): Promise<Report> {
  let told = 0;
  const progress = (pairs: number) => {
    if (pairs < told + TELL_EVERY_PAIRS) return;
    told = pairs;
    note(`${pairs} pairs so far`);
  };
  const found = await examine(settings, progress);
  return {
    json: found,
    text: (columns) => textOf(found, columns),
    code: found.findings.length === 0 ? ExitCode.Done : ExitCode.Unsound,
  };
}

async function examine(settings: Settings, progress: (pairs: number) => void): Promise<Examination> {
  try {
    const store = await openStoreToRead(settings);
    try {
      return await examineStore(store, progress);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof StartError) throw new CommandError(ExitCode.Failed, error.message);
    if (error instanceof StoreError) {
      throw new CommandError(ExitCode.Failed, storeStartError(error, settings).message);
    }
    throw error;
  }
}

function textOf(found: Examination, columns: number | undefined): string {
  const { pairs, bytes, kinds, findings, passed_over, untold } = found;
  const counts = tableText(
    [
      { title: 'KIND', of: ({ kind }) => kind },
      { title: 'PAIRS', of: (count) => count.pairs, right: true },
      { title: 'BYTES', of: (count) => count.bytes, right: true },
    ],
    kinds,
    columns,
  );
  const passed = passed_over === 0 ? [] : [`${passed_over} values changed while they were read, and were passed over`];
  const more = untold === 0 ? [] : [`and ${untold} more problems, of more sorts than are told`];
  const sum = `${pairs} pairs of ${bytes} bytes; ${findings.length === 0 ? 'nothing found' : 'found:'}`;
  return [counts, '', sum, ...findings.map(findingText), ...passed, ...more].join('\n');
}

function findingText({ severity, kind, what, count, examples }: Finding): string {
  const subject = kind === undefined ? `${count} keys: each ${what}` : `${count} of ${kind}: each ${what}`;
  return [`${severity}: ${subject}`, ...examples.map((example) => `  ${example}`)].join('\n');
}
