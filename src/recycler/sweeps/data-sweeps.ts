import type { Sweep } from '../sweep.ts';
import { recycleIndexes } from './recycle-indexes.ts';
import { recyclePartitions } from './recycle-partitions.ts';
import { recycleRowsets } from './recycle-rowsets.ts';
import { recycleTmpRowsets } from './recycle-tmp-rowsets.ts';
import { recycleVersions } from './recycle-versions.ts';

/**
 * The sweeps of tables' data, in the order of a round: what is dropped as a whole goes before its parts are looked at one by
 * one, and versions when the tablets are gone.
 */
export const dataSweeps: readonly Sweep[] = [
  recycleIndexes,
  recyclePartitions,
  recycleTmpRowsets,
  recycleRowsets,
  recycleVersions,
];
