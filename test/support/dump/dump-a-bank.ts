import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { newSeed, Random } from '../random.ts';
import { type Audit, audit, type Bank, fillBank, keepTransferring } from './bank.ts';

const PROGRAM = fileURLToPath(new URL('../../../dist/src/main.js', import.meta.url));
const WRITERS = 8;

export interface DumpedBank {
  /** What `nereus dump --json` and `nereus restore --json` said. */
  readonly dumped: Readonly<Record<string, unknown>>;
  readonly restored: Readonly<Record<string, unknown>>;
  readonly audit: Audit;
  /** How many transfers were made while the dump ran. */
  readonly meanwhile: number;
}

/** Dumps a store from a process of its own while writers run in this one, and restores it in a third, none of which may take more heap. */
export async function dumpABank(bank: Bank, most_heap_mib: number): Promise<DumpedBank> {
  const folder = await mkdtemp(join(tmpdir(), 'nereus-bank-'));
  const [dir, copy, file] = [join(folder, 'store'), join(folder, 'copy'), join(folder, 'dump')];
  const nereus = (...args: string[]) => jsonOf([`--max-old-space-size=${most_heap_mib}`, PROGRAM, ...args, '--json']);
  try {
    const store = await openEmbeddedStore({ dir, exclusive: true, admits_readers: true });
    await fillBank(store, bank);
    const random = new Random(newSeed());
    const end = new AbortController();
    const writers = Array.from({ length: WRITERS }, (_, i) =>
      keepTransferring(store, bank, random.fork(`writer ${i}`), end.signal),
    );
    const before = await countOf(store);
    const dumped = await nereus('dump', '--data-dir', dir, '--out', file);
    const meanwhile = (await countOf(store)) - before;
    end.abort();
    await Promise.all(writers);
    await store.close();
    const restored = await nereus('restore', '--from', file, '--data-dir', copy);
    const restoredStore = await openEmbeddedStore({ dir: copy, exclusive: true });
    const found = await audit(restoredStore);
    await restoredStore.close();
    return { dumped, restored, audit: found, meanwhile };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function countOf(store: Parameters<typeof fillBank>[0]): Promise<number> {
  const counter = await store.transact((txn) => txn.get(Buffer.from('k9 counter'), { snapshot: true }));
  return Number(Buffer.from(counter ?? Buffer.alloc(8)).readBigUInt64LE());
}

async function jsonOf(args: string[]): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (piece) => {
    out += piece;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return JSON.parse(out);
}
