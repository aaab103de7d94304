/** How strong a source is: a value from a stronger one wins. */
export const Rank = { default: 0, file: 1, environment: 2, flag: 3 } as const;
export type Rank = (typeof Rank)[keyof typeof Rank];

/** A value as somebody gave it, not yet checked. */
export interface Given {
  readonly name: string;
  readonly text: string;
  readonly rank: Rank;
  /** Where, for messages: `nereus.conf:12`, `NEREUS_LISTEN`, `--listen`. Never holds the value. */
  readonly from: string;
}

/** What a source holds, and what is wrong with it. No problem quotes a value, since it may be a secret. */
export interface Source {
  readonly given: readonly Given[];
  readonly problems: readonly string[];
}
