import { once } from 'node:events';
import { collectRange } from '../../../src/kv/collect-range.ts';
import type { Store } from '../../../src/kv/store.ts';
import { Random } from '../random.ts';
import { BEGIN, END, text } from './bytes.ts';
import { checkSerializable } from './model/check.ts';
import { runClient } from './model/client.ts';
import type { Committed } from './model/operation.ts';
import { forkProgram } from './programs.ts';

export interface ModelRun {
  readonly seed: number;
  readonly clients: number;
  readonly transactions: number;
}

/** Runs random clients at once in this process and returns what committed. */
export async function runHere(store: Store, { seed, clients, transactions }: ModelRun): Promise<Committed[]> {
  const histories = await Promise.all(
    Array.from({ length: clients }, (_, i) => runClient(store, `here${i}`, new Random(seed + i), transactions)),
  );
  return histories.flat();
}

/** Where another process finds a store: a directory, or a part of a cluster, whose keys begin with these bytes in hex. */
export type Place = { readonly dir: string } | { readonly cluster_file_path: string; readonly part: string };

/** The same in a process of its own. */
export async function runElsewhere(place: Place, name: string, run: ModelRun): Promise<Committed[]> {
  const { seed, clients, transactions } = run;
  const args = [JSON.stringify(place), name, String(seed), String(clients), String(transactions)];
  const child = forkProgram('model-process', args);
  const ended = once(child, 'exit').then(([code]) => {
    if (code !== 0) {
      throw new Error(`The process ${name} ended with ${code}.`);
    }
  });
  // Its message may be read only after its end was noticed.
  const [[history]] = await Promise.all([once(child, 'message'), ended]);
  return history as Committed[];
}

/** Throws unless the history is serializable and the store holds what it leaves behind. */
export async function checkRun(store: Store, history: readonly Committed[]): Promise<void> {
  const expected = checkSerializable(history);
  const pairs = await store.transact((txn) => collectRange(txn, BEGIN, END));
  const held = pairs.map(({ key, value }) => [text(key), text(value)]);
  if (JSON.stringify(held) !== JSON.stringify(expected)) {
    throw new Error(`The store holds ${JSON.stringify(held)} instead of ${JSON.stringify(expected)}`);
  }
}
