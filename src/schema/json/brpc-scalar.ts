import type { ScalarKind, ValuePlan } from '../message-plan.ts';
import { decodePaddedBase64 } from './base64.ts';
import { Char, isDigit } from './chars.ts';
import { integerFromNumber, isIntegerKind, parseInteger } from './integers.ts';
import { isFloatText } from './number-text.ts';
import { skipStrict } from './skip-strict.ts';
import type { StrictScanner } from './strict-scanner.ts';

/** A value that doesn't fit its field where that is an error. The message is brpc's, without the value. */
export class BadValue extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

type LeafPlan = Exclude<ValuePlan, { kind: 'message' }>;

const TYPE_NAMES: Readonly<Record<ScalarKind, string>> = {
  int32: 'INT32',
  uint32: 'UINT32',
  int64: 'INT64',
  uint64: 'UINT64',
  double: 'double',
  bool: 'BOOL',
  string: 'string',
  bytes: 'string',
};

const SPECIAL_DOUBLES: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
]);

export function brpcTypeName(plan: ValuePlan): string {
  if (plan.kind === 'scalar') return TYPE_NAMES[plan.scalar];
  return plan.kind;
}

export function mismatch(fullName: string, typeName: string, optional: boolean): string {
  return `Invalid value for ${optional ? 'optional ' : ''}field \`${fullName}' which SHOULD be ${typeName}`;
}

/** Reads a scalar or an enum; undefined when it is well-formed but of another type. */
export function readBrpcScalar(scanner: StrictScanner, plan: LeafPlan): unknown {
  const code = scanner.peek();
  if (code === Char.DoubleQuote) {
    const start = scanner.pos;
    const text = scanner.readString();
    return plan.kind === 'enum' ? plan.enum.byName.get(text) : scalarFromText(plan.scalar, text, start);
  }
  if (code === Char.Minus || isDigit(code)) {
    if (plan.kind === 'scalar') return scalarFromNumber(scanner, plan.scalar);
    const number = scalarFromNumber(scanner, 'int32');
    return typeof number === 'number' && plan.enum.byNumber.has(number) ? number : undefined;
  }
  skipStrict(scanner);
  const isLiteral = code === Char.LetterT || code === Char.LetterF;
  return isLiteral && plan.kind === 'scalar' && plan.scalar === 'bool' ? code === Char.LetterT : undefined;
}

function scalarFromText(kind: ScalarKind, text: string, offset: number): unknown {
  switch (kind) {
    case 'string':
      return text;
    case 'bytes':
      return decodePaddedBase64(text) ?? badBase64(offset);
    case 'int64':
    case 'uint64':
      return parseInteger(kind, text);
    case 'double':
      return SPECIAL_DOUBLES.get(text.toLowerCase());
    default:
      return undefined;
  }
}

function badBase64(offset: number): never {
  throw new BadValue('Fail to decode base64 string', offset);
}

function scalarFromNumber(scanner: StrictScanner, kind: ScalarKind): number | bigint | undefined {
  const small = scanner.takeSmallInteger();
  if (small !== undefined) {
    if (kind === 'double') return small;
    return isIntegerKind(kind) ? integerFromNumber(kind, small) : undefined;
  }
  const text = scanner.readNumber();
  if (kind === 'double') return Number(text);
  return isIntegerKind(kind) && !isFloatText(text) ? parseInteger(kind, text) : undefined;
}
