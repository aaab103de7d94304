import type { DescMessage } from '@bufbuild/protobuf';
import { type FieldPlan, type FieldValues, planOf, type ValuePlan, valuesOf } from '../message-plan.ts';
import { encodeBase64 } from './base64.ts';
import type { JsonStyle } from './json-style.ts';

type ValueWriter = (value: unknown) => string;

/** How one field is written. */
export interface FieldWriter {
  readonly plan: FieldPlan;
  readonly local: string;
  readonly shape: 'single' | 'list' | 'map';
  /** `"name":` and the same behind a comma. */
  readonly key: string;
  readonly commaKey: string;
  readonly evenIfEmpty: boolean;
  readonly write: ValueWriter;
  /** A single value, or an element of a list. */
  readonly writeValue: ValueWriter;
}

/** Writes messages of any type in one dialect; what it finds out about a type it finds out once. */
export interface JsonWriter {
  write(schema: DescMessage, message: object): string;
  /** In the order in which they are written. */
  fieldsOf(schema: DescMessage): readonly FieldWriter[];
}

export function createJsonWriter(style: JsonStyle): JsonWriter {
  const fieldWriters = new WeakMap<DescMessage, readonly FieldWriter[]>();

  function fieldsOf(schema: DescMessage): readonly FieldWriter[] {
    let fields = fieldWriters.get(schema);
    if (fields === undefined) {
      fields = style.fieldOrder(planOf(schema)).map(fieldWriter);
      fieldWriters.set(schema, fields);
    }
    return fields;
  }

  function messageWriter(schema: DescMessage): ValueWriter {
    let fields: readonly FieldWriter[] | undefined;
    // The fields are looked at when first needed, since messages may contain themselves.
    return (message) => {
      fields ??= fieldsOf(schema);
      return writeFields(fields, valuesOf(message as object));
    };
  }

  function fieldWriter(plan: FieldPlan): FieldWriter {
    const key = `${style.quote(plan.name)}:`;
    const writeValue = valueWriter(plan.value);
    const isObject = plan.shape === 'map' && (style.maps === 'object' || plan.mapKey === 'string');
    const write =
      plan.shape === 'map' ? (isObject ? mapWriter(writeValue) : entriesWriter(plan, writeValue)) : writeValue;
    return {
      plan,
      local: plan.local,
      shape: plan.shape,
      key,
      commaKey: `,${key}`,
      evenIfEmpty: isObject && style.maps === 'object-always',
      write: plan.shape === 'list' ? listWriter(writeValue) : write,
      writeValue,
    };
  }

  function valueWriter(plan: ValuePlan): ValueWriter {
    if (plan.kind === 'message') return messageWriter(plan.schema);
    if (plan.kind === 'enum') {
      const names = new Map(Array.from(plan.enum.byNumber, ([number, name]) => [number, style.quote(name)]));
      return (value) => names.get(value as number) ?? String(value);
    }
    switch (plan.scalar) {
      case 'string':
        return (value) => style.quote(value as string);
      case 'bytes':
        return (value) => `"${encodeBase64(value as Uint8Array)}"`;
      case 'int64':
      case 'uint64':
        return (value) => style.int64(value as bigint);
      case 'double':
        return (value) => style.double(value as number);
      default:
        return String;
    }
  }

  function mapWriter(writeValue: ValueWriter): ValueWriter {
    return (map) => {
      let text = '{';
      for (const [key, value] of Object.entries(map as Record<string, unknown>)) {
        text += `${text.length === 1 ? '' : ','}${style.quote(key)}:${writeValue(value)}`;
      }
      return `${text}}`;
    };
  }

  /** Object keys are strings in JavaScript; other kinds go out as they are, without quotes. */
  function entriesWriter(plan: FieldPlan, writeValue: ValueWriter): ValueWriter {
    const quoteKey = plan.mapKey === 'string' ? style.quote : (key: string) => key;
    return (map) => {
      const entries = Object.entries(map as Record<string, unknown>);
      return `[${entries.map(([key, value]) => `{"key":${quoteKey(key)},"value":${writeValue(value)}}`).join(',')}]`;
    };
  }

  return { write: (schema, message) => writeFields(fieldsOf(schema), valuesOf(message)), fieldsOf };
}

function listWriter(writeValue: ValueWriter): ValueWriter {
  return (value) => {
    const list = value as unknown[];
    let text = `[${writeValue(list[0])}`;
    for (let i = 1; i < list.length; i++) text += `,${writeValue(list[i])}`;
    return `${text}]`;
  };
}

function writeFields(fields: readonly FieldWriter[], values: FieldValues): string {
  let text = '{';
  for (const field of fields) {
    if (!isPresent(field, values)) continue;
    text += text.length === 1 ? field.key : field.commaKey;
    text += field.write(values[field.local]);
  }
  return `${text}}`;
}

/** Whether a field is written, with these values of its message. */
export function isPresent(field: FieldWriter, values: FieldValues): boolean {
  if (field.shape === 'single') return Object.hasOwn(values, field.local) && values[field.local] !== undefined;
  if (field.evenIfEmpty) return true;
  if (field.shape === 'list') return (values[field.local] as unknown[]).length > 0;
  for (const _ in values[field.local] as Record<string, unknown>) return true;
  return false;
}
