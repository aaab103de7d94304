import type { EnumPlan, ScalarKind, ValuePlan } from '../message-plan.ts';
import { decodeAnyBase64 } from './base64.ts';
import { Char, isDigit } from './chars.ts';
import { integerFromNumber, isIntegerKind, parseInteger } from './integers.ts';
import type { LenientScanner } from './lenient-scanner.ts';
import { isFloatText, isIntegerText, readFloat } from './number-text.ts';

/** Stands for an enum value that the schema doesn't know. */
export const unknownEnum = Symbol('unknown enum value');
export type UnknownEnum = typeof unknownEnum;

const EXPECTED: Readonly<Record<ScalarKind, string>> = {
  int32: 'a 32-bit integer',
  uint32: 'an unsigned 32-bit integer',
  int64: 'a 64-bit integer',
  uint64: 'an unsigned 64-bit integer',
  double: 'a number',
  bool: 'true or false',
  string: 'a string',
  bytes: 'a string in base64',
};

const TRUE_WORDS: ReadonlySet<string> = new Set(['true', 't', 'yes', 'y', '1']);
const FALSE_WORDS: ReadonlySet<string> = new Set(['false', 'f', 'no', 'n', '0']);
const SPECIAL_DOUBLES: ReadonlyMap<string, number> = new Map([
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['NaN', Number.NaN],
]);

/** Names that values of enums have besides those of the schema, each with the name that it stands for. */
export type EnumAliases = ReadonlyMap<string, string>;

const NO_ALIASES: EnumAliases = new Map();

type Literal = string | number | bigint | boolean;
type LeafPlan = Exclude<ValuePlan, { kind: 'message' }>;

/** Reads a scalar or an enum as protobuf's reader converts between types; {@link unknownEnum} for an unknown enum value. */
export function readLenientScalar(scanner: LenientScanner, plan: LeafPlan, aliases: EnumAliases = NO_ALIASES): unknown {
  const code = scanner.peek();
  const start = scanner.pos;
  const expected = plan.kind === 'enum' ? `a name or number of ${plan.enum.typeName}` : EXPECTED[plan.scalar];
  let value: unknown;
  if (code === Char.DoubleQuote || code === Char.SingleQuote) {
    const text = scanner.readString();
    value =
      plan.kind === 'enum' ? enumFromText(plan.enum, aliases.get(text) ?? text) : scalarFromText(plan.scalar, text);
  } else if (code === Char.Minus || isDigit(code)) {
    value = numberAs(scanner, plan);
  } else if (plan.kind === 'scalar' && plan.scalar === 'bool') {
    value = scanner.takeWord('true') ? true : scanner.takeWord('false') ? false : undefined;
  }
  return value === undefined ? scanner.fail(expected, start) : value;
}

/** The key of a map entry, which is always a string in JSON, in the form in which the message holds it. */
export function readLenientMapKey(scanner: LenientScanner, kind: ScalarKind, text: string): string {
  const key = scalarFromText(kind, text);
  return key === undefined ? scanner.fail(`a key that is ${EXPECTED[kind]}`) : String(key);
}

function scalarFromText(kind: ScalarKind, text: string): Literal | Uint8Array | undefined {
  if (kind === 'string') return text;
  if (kind === 'bytes') return decodeAnyBase64(text);
  if (text.startsWith(' ') || text.endsWith(' ')) return undefined;
  if (isIntegerKind(kind)) return parseInteger(kind, text.trim());
  if (kind === 'double') return SPECIAL_DOUBLES.get(text) ?? readFloat(text);
  const word = text.toLowerCase();
  return TRUE_WORDS.has(word) ? true : FALSE_WORDS.has(word) ? false : undefined;
}

function numberAs(scanner: LenientScanner, plan: LeafPlan): number | bigint | UnknownEnum | undefined {
  if (plan.kind === 'scalar') return scalarFromNumber(scanner, plan.scalar);
  const number = scalarFromNumber(scanner, 'int32');
  if (typeof number !== 'number') return undefined;
  return plan.enum.byNumber.has(number) ? number : unknownEnum;
}

function scalarFromNumber(scanner: LenientScanner, kind: ScalarKind): number | bigint | undefined {
  const small = scanner.takeSmallInteger();
  if (small !== undefined) {
    if (kind === 'double') return small;
    return isIntegerKind(kind) ? integerFromNumber(kind, small) : undefined;
  }
  const text = scanner.readNumber();
  if (!isFloatText(text) && !isIntegerText(text)) return undefined;
  if (kind === 'double') return readFloat(text);
  if (!isIntegerKind(kind)) return undefined;
  if (!isFloatText(text)) return parseInteger(kind, text);
  const value = readFloat(text);
  return value === undefined ? undefined : integerFromNumber(kind, value);
}

function enumFromText(plan: EnumPlan, text: string): number | UnknownEnum {
  const byName = plan.byName.get(text);
  if (byName !== undefined) return byName;
  const number = text.startsWith(' ') || text.endsWith(' ') ? undefined : parseInteger('int32', text.trim());
  return typeof number === 'number' && plan.byNumber.has(number) ? number : unknownEnum;
}
