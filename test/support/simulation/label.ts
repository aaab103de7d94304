import type { Random } from '../random.ts';

/** Labels that several loaders try for at a time, and how many calls later they try for others. */
const SHARED_LABELS = 4;
const CALLS_A_GENERATION = 400;

/** One that others may have too. New ones come with time, since those of visible transactions stay taken. */
export function sharedLabel(random: Random, calls: number): string {
  return `shared-${Math.floor(calls / CALLS_A_GENERATION)}-${random.int(SHARED_LABELS)}`;
}

/** Whether no loader begins with a label any more, except who has asked for that long ago. */
export function hasEnded(label: string, calls: number): boolean {
  const generation = /^shared-(\d+)-/.exec(label)?.[1];
  return generation === undefined || (Number(generation) + 2) * CALLS_A_GENERATION < calls;
}
