import type { KeyText } from './bytes.ts';

/** One write of a transaction, as it was called. A commit replays them in their order. */
export type Mutation =
  | { readonly kind: 'set'; readonly key: KeyText; readonly value: Uint8Array }
  | { readonly kind: 'clear'; readonly key: KeyText }
  | { readonly kind: 'clear-range'; readonly begin: KeyText; readonly end: KeyText }
  | { readonly kind: 'add'; readonly key: KeyText; readonly delta: bigint }
  /** `key` has ten bytes from `offset` that the versionstamp replaces. */
  | { readonly kind: 'set-stamped-key'; readonly key: Uint8Array; readonly offset: number; readonly value: Uint8Array }
  /** `value` has ten bytes from `offset` that the versionstamp replaces. */
  | { readonly kind: 'set-stamped-value'; readonly key: KeyText; readonly value: Uint8Array; readonly offset: number };
