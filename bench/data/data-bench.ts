import type { BenchResult } from '../result.ts';
import { benchCommitTxn } from './commits.ts';
import { benchLoads } from './loads.ts';
import { benchRowsets } from './rowsets.ts';
import { benchVersions } from './versions.ts';

/** The methods that loads and queries wait for, against the bare store below them or against themselves at another size. */
export async function benchData({ rounds }: { readonly rounds: number }): Promise<BenchResult[]> {
  return [
    ...(await benchLoads(rounds)),
    ...(await benchRowsets(rounds)),
    ...(await benchVersions(rounds)),
    ...(await benchCommitTxn(rounds)),
  ];
}
