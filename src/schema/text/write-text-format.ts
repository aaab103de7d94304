import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { formatDouble } from '../decimal.ts';
import {
  type FieldPlan,
  type FieldValues,
  isSet,
  listOf,
  mapOf,
  planOf,
  type ValuePlan,
  valuesOf,
} from '../message-plan.ts';
import { escapeC } from './escape-c.ts';

/**
 * Writes a message in protobuf's text format as DebugString of the C++ library prints it: a field a line, two spaces a
 * level, enums by name, strings with C escapes and non-ASCII bytes in octal. Ends with a line feed unless empty.
 */
export function writeTextFormat<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return new TextWriter('\n', '  ').write(schema, message);
}

/** The same on one line, as ShortDebugString prints it: `idx { table_id: 1 } num_rows: 2`. */
export function writeShortTextFormat<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return new TextWriter(' ', '').write(schema, message).trimEnd();
}

class TextWriter {
  readonly #lineEnd: string;
  readonly #indent: string;
  #text = '';

  constructor(lineEnd: string, indent: string) {
    this.#lineEnd = lineEnd;
    this.#indent = indent;
  }

  write(schema: DescMessage, message: object): string {
    this.#writeMessage(schema, valuesOf(message), '');
    return this.#text;
  }

  #writeMessage(schema: DescMessage, values: FieldValues, margin: string): void {
    for (const field of planOf(schema).byNumber) {
      if (field.shape === 'list') {
        for (const value of listOf(values, field)) this.#writeValue(field.name, field.value, value, margin);
      } else if (field.shape === 'map') {
        this.#writeMap(field, mapOf(values, field), margin);
      } else if (isSet(values, field)) {
        this.#writeValue(field.name, field.value, values[field.local], margin);
      }
    }
  }

  #writeValue(name: string, plan: ValuePlan, value: unknown, margin: string): void {
    if (plan.kind === 'message') {
      this.#text += `${margin}${name} {${this.#lineEnd}`;
      this.#writeMessage(plan.schema, valuesOf(value as object), margin + this.#indent);
      this.#text += `${margin}}${this.#lineEnd}`;
    } else {
      this.#text += `${margin}${name}: ${leafText(plan, value)}${this.#lineEnd}`;
    }
  }

  #writeMap(field: FieldPlan, map: Record<string, unknown>, margin: string): void {
    const keyPlan: ValuePlan = { kind: 'scalar', scalar: field.mapKey ?? 'string' };
    for (const key of sortedKeys(field, map)) {
      this.#text += `${margin}${field.name} {${this.#lineEnd}`;
      this.#writeValue('key', keyPlan, key, margin + this.#indent);
      this.#writeValue('value', field.value, map[key], margin + this.#indent);
      this.#text += `${margin}}${this.#lineEnd}`;
    }
  }
}

function sortedKeys(field: FieldPlan, map: Record<string, unknown>): string[] {
  const keys = Object.keys(map);
  if (field.mapKey === 'string') return keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (field.mapKey === 'bool') return keys.sort();
  return keys.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

function leafText(plan: Exclude<ValuePlan, { kind: 'message' }>, value: unknown): string {
  if (plan.kind === 'enum') return plan.enum.byNumber.get(value as number) ?? String(value);
  if (plan.scalar === 'string') return `"${escapeC(Buffer.from(value as string, 'utf8'))}"`;
  if (plan.scalar === 'bytes') return `"${escapeC(value as Uint8Array)}"`;
  if (plan.scalar === 'double') return doubleText(value as number);
  return String(value);
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  return formatDouble(value);
}
