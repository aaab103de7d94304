/** One call of a transaction and, for reads, what it answered. Keys and values are texts with one character per byte, so that a history can be sent as JSON. */
export type Operation =
  | { readonly kind: 'get'; readonly key: string; readonly snapshot: boolean; readonly result: string | null }
  | {
      readonly kind: 'range';
      readonly begin: string;
      readonly end: string;
      readonly limit: number | null;
      readonly reverse: boolean;
      readonly snapshot: boolean;
      /** Whether the consumer heard the end; otherwise it stopped after the pairs of `result`. */
      readonly whole: boolean;
      readonly result: readonly (readonly [string, string])[];
    }
  | { readonly kind: 'set'; readonly key: string; readonly value: string }
  | { readonly kind: 'clear'; readonly key: string }
  | { readonly kind: 'clear-range'; readonly begin: string; readonly end: string }
  | { readonly kind: 'add'; readonly key: string; readonly delta: number }
  | { readonly kind: 'stamped-key'; readonly key: string; readonly offset: number; readonly value: string }
  | { readonly kind: 'stamped-value'; readonly key: string; readonly value: string; readonly offset: number };

/** A transaction that committed, as its client saw it. */
export interface Committed {
  readonly client: string;
  /** Null when it wrote nothing: then its place is that of the version that it read. */
  readonly versionstamp: string | null;
  readonly read_version: string;
  /** The last version that this client knew of when the transaction began. */
  readonly known_version: string;
  readonly operations: readonly Operation[];
}
