import type { ScalarKind } from '../message-plan.ts';
import { Char, isDigit } from './chars.ts';

export type IntegerKind = Extract<ScalarKind, 'int32' | 'uint32' | 'int64' | 'uint64'>;

/** No 64-bit integer has more digits, and BigInt takes more than linear time on longer ones. */
const MOST_DIGITS = 20;

const RANGES: Readonly<Record<IntegerKind, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

export function isIntegerKind(kind: ScalarKind): kind is IntegerKind {
  return kind in RANGES;
}

/** The integer that `[+-]?[0-9]+` writes, as the message holds it, or undefined when it is another text or out of range. */
export function parseInteger(kind: IntegerKind, text: string): number | bigint | undefined {
  const first = text.charCodeAt(0);
  const negative = first === Char.Minus;
  let start = negative || first === Char.Plus ? 1 : 0;
  if (start === text.length) return undefined;
  for (let i = start; i < text.length; i++) if (!isDigit(text.charCodeAt(i))) return undefined;
  while (start < text.length - 1 && text.charCodeAt(start) === Char.Zero) start++;
  const digits = start === 0 ? text : text.slice(start);
  if (digits.length > MOST_DIGITS) return undefined;
  if (digits.length <= 15) return integerFromNumber(kind, negative ? -Number(digits) : Number(digits));
  const value = negative ? -BigInt(digits) : BigInt(digits);
  const [least, most] = RANGES[kind];
  if (value < least || value > most) return undefined;
  return is64(kind) ? value : Number(value);
}

/** The same number as the message holds it, or undefined when it has a fraction or is out of range. */
export function integerFromNumber(kind: IntegerKind, value: number): number | bigint | undefined {
  if (!Number.isInteger(value)) return undefined;
  if (Number.isSafeInteger(value)) {
    if (kind === 'int64') return BigInt(value);
    // Adding 0 turns -0 into 0.
    if (kind === 'int32') return value === (value | 0) ? value + 0 : undefined;
    if (value < 0 || (kind === 'uint32' && value > 0xffff_ffff)) return undefined;
    return kind === 'uint64' ? BigInt(value) : value + 0;
  }
  if (!is64(kind) || Math.abs(value) > 2 ** 64) return undefined;
  const exact = BigInt(value);
  const [least, most] = RANGES[kind];
  return exact < least || exact > most ? undefined : exact;
}

function is64(kind: IntegerKind): boolean {
  return kind === 'int64' || kind === 'uint64';
}
