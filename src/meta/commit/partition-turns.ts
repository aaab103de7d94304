import type { PartitionFields } from '../version/partition-version.ts';

/** Thrown by a claim that others are before. */
class NotYetError extends Error {
  override readonly name = 'NotYetError';

  constructor(readonly before: readonly Promise<void>[]) {
    super(`${before.length} partitions are being loaded to by others`);
  }
}

/** Asks for the turn at partitions. Called again, it has had it. */
export type ClaimPartitions = (partitions: readonly PartitionFields[]) => void;

/**
 * Lets the commits of this process that raise the version of one partition take turns, in the order in which they come.
 * The store would have all but one of them begin again, time after time, and the more there are the more of them give up.
 * It is no lock: commits of other processes, and those that skip their turn, meet in the store as before.
 */
export class PartitionTurns {
  /** The end of the last turn at each partition that someone waits for or has. */
  readonly #last = new Map<string, Promise<void>>();

  /**
   * Runs `work`, which claims its partitions as soon as it knows them. Where others are before, that breaks it off, and it
   * runs once more when it is its turn; a transaction of the store that it was in must be a new one then.
   */
  async run<T>(work: (claim: ClaimPartitions) => Promise<T>): Promise<T> {
    let leave: (() => void) | undefined;
    const claim: ClaimPartitions = (partitions) => {
      if (leave !== undefined) return;
      const names = partitions.map(nameOf);
      const before = names.flatMap((name) => this.#last.get(name) ?? []);
      // Standing in all lines at once, nobody can be before and behind another.
      leave = this.#enter(names);
      if (before.length > 0) throw new NotYetError(before);
    };
    try {
      return await work(claim).catch(async (error: unknown) => {
        if (!(error instanceof NotYetError)) throw error;
        await Promise.all(error.before);
        return work(claim);
      });
    } finally {
      leave?.();
    }
  }

  #enter(names: readonly string[]): () => void {
    let end: () => void = () => undefined;
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    for (const name of names) this.#last.set(name, turn);
    return () => {
      for (const name of names) {
        if (this.#last.get(name) === turn) this.#last.delete(name);
      }
      end();
    };
  }
}

function nameOf({ instance_id, table_id, partition_id }: PartitionFields): string {
  return `${table_id}/${partition_id}/${instance_id}`;
}
