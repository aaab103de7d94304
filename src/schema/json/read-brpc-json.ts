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
import { BadValue, brpcTypeName, mismatch, readBrpcScalar } from './brpc-scalar.ts';
import { Char } from './chars.ts';
import { JsonError, positionAt } from './json-error.ts';
import { skipStrict } from './skip-strict.ts';
import { JsonSyntaxError, StrictScanner } from './strict-scanner.ts';

/** Messages that may be open at once, as brpc has it. */
const DEEPEST = 100;

/**
 * Reads the JSON body of an RPC as brpc does: strict JSON, only the schema's own names, the first of a field given
 * twice. null is absent. A wrong type in an optional field is dropped, as if the field were absent; in a required or
 * repeated one it is an error. 64-bit integers may be strings; enums are names or numbers. Unknown fields are left out.
 * A map with string keys is an object or a list of `{key, value}`, one with other keys only such a list.
 *
 * An empty text is an error here: that it stands for an empty request is HTTP's business.
 *
 * @throws {JsonError} with the words that brpc puts after "Fail to parse http body as <message>, ", without the values.
 */
export function readBrpcJson<Desc extends DescMessage>(schema: Desc, text: string): MessageShape<Desc> {
  const scanner = new StrictScanner(text);
  const reader = new BrpcJsonReader(scanner);
  const message = create(schema);
  try {
    reader.readRoot(planOf(schema), valuesOf(message));
    return message;
  } catch (error) {
    throw toJsonError(schema, text, reader.dropped, error);
  }
}

/** brpc parses the whole text before it looks at types, so a syntax error behind a wrong type is the one to report. */
function toJsonError(schema: DescMessage, text: string, dropped: readonly string[], error: unknown): unknown {
  if (error instanceof JsonSyntaxError) return syntaxError(schema, text, error);
  if (!(error instanceof BadValue)) return error;
  const scanner = new StrictScanner(text);
  try {
    skipStrict(scanner);
    scanner.end();
  } catch (hidden) {
    return hidden instanceof JsonSyntaxError ? syntaxError(schema, text, hidden) : hidden;
  }
  return new JsonError([...dropped, error.message].join(', '), positionAt(text, error.offset));
}

function syntaxError(schema: DescMessage, text: string, error: JsonSyntaxError): JsonError {
  return new JsonError(`Invalid json: ${error.message} [${schema.name}]`, positionAt(text, error.offset));
}

/** An error tells of so many dropped values at most, however many a request has. */
const MOST_DROPPED_TOLD = 32;

class BrpcJsonReader {
  /** What brpc says of the values that it dropped; it comes before the error, should one follow. */
  readonly dropped: string[] = [];
  readonly #scanner: StrictScanner;
  #depth = 0;

  constructor(scanner: StrictScanner) {
    this.#scanner = scanner;
  }

  readRoot(plan: MessagePlan, values: FieldValues): void {
    if (Number.isNaN(this.#scanner.peek())) this.#scanner.fail('The document is empty.');
    this.#readMessage(plan, values);
    this.#scanner.end();
  }

  #readMessage(plan: MessagePlan, values: FieldValues): void {
    const scanner = this.#scanner;
    const start = scanner.pos;
    if (++this.#depth > DEEPEST + 1) {
      throw new BadValue(`Exceeded maximum recursion depth [${plan.schema.name}]`, start);
    }
    if (scanner.peek() !== Char.OpenBrace) {
      throw new BadValue(`The input is not a json object [${plan.schema.name}]`, start);
    }
    scanner.pos++;
    // Fields that came and left no trace: the first of a field given twice counts even if it was dropped.
    let traceless: Set<FieldPlan> | undefined;
    for (let more = scanner.hasEntry(); more; more = scanner.moreEntries()) {
      const field = plan.byName.get(scanner.readKey());
      if (field === undefined || hasTrace(values, field) || traceless?.has(field)) {
        skipStrict(scanner);
      } else {
        this.#readField(field, values);
        if (!hasTrace(values, field)) {
          traceless ??= new Set();
          traceless.add(field);
        }
      }
    }
    for (const field of plan.required) {
      if (!isSet(values, field)) throw new BadValue(`Missing required field: ${field.fullName}`, start);
    }
    this.#depth--;
  }

  #readField(field: FieldPlan, values: FieldValues): void {
    const code = this.#scanner.peek();
    if (code === Char.LetterN) {
      this.#scanner.takeWord('null');
    } else if (field.shape === 'single') {
      this.#readSingle(field, values);
    } else if (field.shape === 'map' && field.mapKey === 'string' && code === Char.OpenBrace) {
      this.#readMapObject(field, mapOf(values, field));
    } else {
      if (code !== Char.OpenBracket) {
        throw new BadValue(`Invalid value for repeated field: ${field.fullName}`, this.#scanner.pos);
      }
      if (field.shape === 'list') this.#readList(field, listOf(values, field));
      else this.#readMapList(field, mapOf(values, field));
    }
  }

  #readSingle(field: FieldPlan, values: FieldValues): void {
    if (field.value.kind === 'message') {
      values[field.local] = this.#readSubmessage(field.value.schema);
      return;
    }
    const start = this.#scanner.pos;
    const value = readBrpcScalar(this.#scanner, field.value);
    if (value !== undefined) {
      values[field.local] = value;
      return;
    }
    const text = mismatch(field.fullName, brpcTypeName(field.value), !field.required);
    if (field.required) throw new BadValue(text, start);
    if (this.dropped.length < MOST_DROPPED_TOLD) this.dropped.push(text);
  }

  #readSubmessage(schema: DescMessage): object {
    const message = create(schema);
    this.#readMessage(planOf(schema), valuesOf(message));
    return message;
  }

  #readList(field: FieldPlan, list: unknown[]): void {
    const scanner = this.#scanner;
    const plan = field.value;
    scanner.pos++;
    for (let more = scanner.hasElement(); more; more = scanner.moreElements()) {
      list.push(this.#readElement(field, plan));
    }
  }

  #readElement(field: FieldPlan, plan: ValuePlan): unknown {
    const isObject = this.#scanner.peek() === Char.OpenBrace;
    const start = this.#scanner.pos;
    if (plan.kind === 'message' && isObject) return this.#readSubmessage(plan.schema);
    const value = plan.kind === 'message' ? undefined : readBrpcScalar(this.#scanner, plan);
    if (value === undefined) throw new BadValue(mismatch(field.fullName, brpcTypeName(plan), false), start);
    return value;
  }

  #readMapObject(field: FieldPlan, map: Record<string, unknown>): void {
    const scanner = this.#scanner;
    scanner.pos++;
    for (let more = scanner.hasEntry(); more; more = scanner.moreEntries()) {
      const key = scanner.readKey();
      setEntry(map, key, this.#readEntryPart(field, field.value, 'value') ?? absentValue(field.value));
    }
  }

  #readMapList(field: FieldPlan, map: Record<string, unknown>): void {
    const scanner = this.#scanner;
    const keyPlan: ValuePlan = { kind: 'scalar', scalar: field.mapKey ?? 'string' };
    scanner.pos++;
    for (let more = scanner.hasElement(); more; more = scanner.moreElements()) {
      if (scanner.peek() !== Char.OpenBrace)
        throw new BadValue(mismatch(field.fullName, 'message', false), scanner.pos);
      scanner.pos++;
      let key: unknown;
      let value: unknown;
      const seen = new Set<string>();
      for (let inside = scanner.hasEntry(); inside; inside = scanner.moreEntries()) {
        const name = scanner.readKey();
        if (seen.has(name) || (name !== 'key' && name !== 'value')) skipStrict(scanner);
        else if (name === 'key') key = this.#readEntryPart(field, keyPlan, 'key');
        else value = this.#readEntryPart(field, field.value, 'value');
        seen.add(name);
      }
      setEntry(map, String(key ?? absentValue(keyPlan)), value ?? absentValue(field.value));
    }
  }

  /** The key or value of a map entry; undefined when it is null or dropped. */
  #readEntryPart(field: FieldPlan, plan: ValuePlan, part: 'key' | 'value'): unknown {
    if (this.#scanner.peek() === Char.LetterN) {
      this.#scanner.takeWord('null');
      return undefined;
    }
    if (plan.kind === 'message') return this.#readSubmessage(plan.schema);
    const value = readBrpcScalar(this.#scanner, plan);
    if (value === undefined) this.dropped.push(mismatch(`${field.fullName}.${part}`, brpcTypeName(plan), true));
    return value;
  }
}

function hasTrace(values: FieldValues, field: FieldPlan): boolean {
  if (field.shape === 'single') return isSet(values, field);
  if (field.shape === 'list') return listOf(values, field).length > 0;
  for (const _ in mapOf(values, field)) return true;
  return false;
}

function absentValue(plan: ValuePlan): unknown {
  return plan.kind === 'message' ? create(plan.schema) : zeroOf(plan);
}
