import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import {
  type FieldPlan,
  type FieldValues,
  isSet,
  listOf,
  type MessagePlan,
  mapOf,
  planOf,
  setEntry,
  type ValuePlan,
  valuesOf,
  zeroOf,
} from '../message-plan.ts';
import { Char, isDigit } from './chars.ts';
import { type EnumAliases, readLenientMapKey, readLenientScalar, unknownEnum } from './lenient-scalar.ts';
import { formatPath, LenientScanner } from './lenient-scanner.ts';
import { isIntegerText } from './number-text.ts';
import { skipLenient } from './skip-lenient.ts';

/** What a reader takes besides what protobuf's own reader does. */
export interface Leniency {
  /** Names that stand for other names of enum values, whatever the enum, such as STOPPED for SUSPENDED. */
  readonly enumAliases?: EnumAliases | undefined;
  /** Fields of text, by their full names, that may be whole numbers, and then are read as their digits. */
  readonly numbersAsText?: ReadonlySet<string> | undefined;
}

export interface ProtobufJson<Desc extends DescMessage> {
  readonly message: MessageShape<Desc>;
  /** Paths such as `cluster.type` of fields whose enum name or number is unknown; those values are left out. */
  readonly unknownEnums: string[];
}

/**
 * Reads the JSON of an admin request as the JSON reader of protobuf's C++ library does when it ignores unknown fields.
 *
 * Besides JSON it takes trailing commas, single quotes and bare keys. Names may be those of the schema or camelCase.
 * null is absent. Of a field given twice the later value wins, messages merge and lists grow, as on the wire. A single
 * value makes a list of one, lists in lists are flattened. Integers may be strings and may have a fraction or exponent
 * that leaves them whole; enums are names or numbers. Unknown fields are left out, but must be well-formed.
 *
 * @throws {JsonError} for a malformed text, a wrong type, a missing required field, or more than 100 levels.
 */
export function readProtobufJson<Desc extends DescMessage>(
  schema: Desc,
  text: string,
  leniency?: Leniency,
): ProtobufJson<Desc> {
  const reader = new ProtobufJsonReader(text, leniency);
  const message = create(schema);
  reader.readRoot(planOf(schema), valuesOf(message));
  return { message, unknownEnums: reader.unknownEnums };
}

class ProtobufJsonReader {
  readonly unknownEnums: string[] = [];
  readonly #scanner: LenientScanner;
  readonly #leniency: Leniency;

  constructor(text: string, leniency: Leniency = {}) {
    this.#leniency = leniency;
    this.#scanner = new LenientScanner(text);
  }

  readRoot(plan: MessagePlan, values: FieldValues): void {
    if (this.#scanner.peek() !== Char.OpenBrace) this.#scanner.fail('an object');
    this.#readMessage(plan, values);
    this.#scanner.end();
  }

  #readMessage(plan: MessagePlan, values: FieldValues): void {
    const scanner = this.#scanner;
    const start = scanner.pos;
    scanner.open();
    for (let key = scanner.nextKey(); key !== undefined; key = scanner.nextKey()) {
      const field = plan.byAnyName.get(key);
      if (field === undefined) {
        skipLenient(scanner);
      } else {
        scanner.path.push(field.name);
        this.#readField(field, values);
        scanner.path.pop();
      }
      scanner.endEntry();
    }
    for (const field of plan.required) {
      if (!isSet(values, field)) scanner.fail(`the required field "${field.name}" in the object`, start);
    }
  }

  #readField(field: FieldPlan, values: FieldValues): void {
    const scanner = this.#scanner;
    const code = scanner.peek();
    if (scanner.takeWord('null')) return;
    if (field.shape === 'map') {
      if (code !== Char.OpenBrace) scanner.fail('an object');
      this.#readMap(field, mapOf(values, field));
    } else if (field.shape === 'list') {
      this.#readList(field.value, listOf(values, field), code === Char.OpenBracket);
    } else if (field.value.kind === 'message') {
      const current = isSet(values, field) ? values[field.local] : undefined;
      values[field.local] = this.#readSubmessage(field.value.schema, current as object | undefined);
    } else {
      const value = this.#numberAsText(field, code) ?? this.#readScalar(field.value);
      if (value !== unknownEnum) values[field.local] = value;
    }
  }

  #numberAsText(field: FieldPlan, code: number): string | undefined {
    if (!this.#leniency.numbersAsText?.has(field.fullName) || !(code === Char.Minus || isDigit(code))) return undefined;
    const start = this.#scanner.pos;
    const number = this.#scanner.readNumber();
    return isIntegerText(number) ? number : this.#scanner.fail('a string or a whole number', start);
  }

  #readList(plan: ValuePlan, list: unknown[], isArray: boolean): void {
    const scanner = this.#scanner;
    if (!isArray) {
      this.#readElement(plan, list);
      return;
    }
    scanner.open();
    while (scanner.nextElement()) {
      if (scanner.peek() === Char.OpenBracket) this.#readList(plan, list, true);
      else if (!scanner.takeWord('null')) this.#readElement(plan, list);
      scanner.endElement();
    }
  }

  #readElement(plan: ValuePlan, list: unknown[]): void {
    this.#scanner.path.push(list.length);
    const value = plan.kind === 'message' ? this.#readSubmessage(plan.schema) : this.#readScalar(plan);
    this.#scanner.path.pop();
    if (value !== unknownEnum) list.push(value);
  }

  #readMap(field: FieldPlan, map: Record<string, unknown>): void {
    const scanner = this.#scanner;
    const keys = new Set<string>();
    scanner.open();
    for (let key = scanner.nextKey(); key !== undefined; key = scanner.nextKey()) {
      const name = readLenientMapKey(scanner, field.mapKey ?? 'string', key);
      if (keys.has(name)) scanner.fail('each key only once');
      keys.add(name);
      const value = this.#readMapValue(field.value);
      if (value !== unknownEnum) setEntry(map, name, value);
      scanner.endEntry();
    }
  }

  #readMapValue(plan: ValuePlan): unknown {
    const scanner = this.#scanner;
    scanner.peek();
    const isNull = scanner.takeWord('null');
    if (plan.kind === 'message') return isNull ? create(plan.schema) : this.#readSubmessage(plan.schema);
    return isNull ? zeroOf(plan) : this.#readScalar(plan);
  }

  #readSubmessage(schema: DescMessage, current?: object): object {
    if (this.#scanner.peek() !== Char.OpenBrace) this.#scanner.fail('an object');
    const message = current ?? create(schema);
    this.#readMessage(planOf(schema), valuesOf(message));
    return message;
  }

  #readScalar(plan: Exclude<ValuePlan, { kind: 'message' }>): unknown {
    const value = readLenientScalar(this.#scanner, plan, this.#leniency.enumAliases);
    if (value === unknownEnum) this.unknownEnums.push(formatPath(this.#scanner.path));
    return value;
  }
}
