import type { FieldPlan, MessagePlan } from '../message-plan.ts';

/** In what the two JSON dialects differ. */
export interface JsonStyle {
  /** A string with its quotes. */
  readonly quote: (text: string) => string;
  readonly int64: (value: bigint) => string;
  readonly double: (value: number) => string;
  readonly fieldOrder: (plan: MessagePlan) => readonly FieldPlan[];
  /** `object` where it has entries; `object-always` with string keys, else a list of `{key, value}` where it has entries. */
  readonly maps: 'object' | 'object-always';
}
