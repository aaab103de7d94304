import type { DescMessage } from '@bufbuild/protobuf';
import {
  type FieldPlan,
  type FieldValues,
  type MessagePlan,
  planOf,
  type ValuePlan,
  valuesOf,
} from '../message-plan.ts';
import { encodeBase64 } from './base64.ts';

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

type ValueWriter = (value: unknown) => string;

interface FieldWriter {
  readonly local: string;
  readonly shape: 'single' | 'list' | 'map';
  /** `"name":` and the same behind a comma. */
  readonly key: string;
  readonly commaKey: string;
  readonly evenIfEmpty: boolean;
  readonly write: ValueWriter;
}

/** A function that writes messages of any type in one dialect; what it finds out about a type it finds out once. */
export function createJsonWriter(style: JsonStyle): (schema: DescMessage, message: object) => string {
  const writers = new WeakMap<DescMessage, ValueWriter>();

  function writerOf(schema: DescMessage): ValueWriter {
    let writer = writers.get(schema);
    if (writer === undefined) {
      let fields: readonly FieldWriter[] | undefined;
      // The fields are looked at when first needed, since messages may contain themselves.
      writer = (message) => {
        fields ??= style.fieldOrder(planOf(schema)).map(fieldWriter);
        return writeFields(fields, valuesOf(message as object));
      };
      writers.set(schema, writer);
    }
    return writer;
  }

  function fieldWriter(field: FieldPlan): FieldWriter {
    const key = `${style.quote(field.name)}:`;
    const value = valueWriter(field.value);
    const isObject = field.shape === 'map' && (style.maps === 'object' || field.mapKey === 'string');
    const write = field.shape === 'map' ? (isObject ? mapWriter(value) : entriesWriter(field, value)) : value;
    return {
      local: field.local,
      shape: field.shape,
      key,
      commaKey: `,${key}`,
      evenIfEmpty: isObject && style.maps === 'object-always',
      write: field.shape === 'list' ? listWriter(value) : write,
    };
  }

  function valueWriter(plan: ValuePlan): ValueWriter {
    if (plan.kind === 'message') return writerOf(plan.schema);
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
  function entriesWriter(field: FieldPlan, writeValue: ValueWriter): ValueWriter {
    const quoteKey = field.mapKey === 'string' ? style.quote : (key: string) => key;
    return (map) => {
      const entries = Object.entries(map as Record<string, unknown>);
      return `[${entries.map(([key, value]) => `{"key":${quoteKey(key)},"value":${writeValue(value)}}`).join(',')}]`;
    };
  }

  return (schema, message) => writerOf(schema)(message);
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

function isPresent(field: FieldWriter, values: FieldValues): boolean {
  if (field.shape === 'single') return Object.hasOwn(values, field.local) && values[field.local] !== undefined;
  if (field.evenIfEmpty) return true;
  if (field.shape === 'list') return (values[field.local] as unknown[]).length > 0;
  for (const _ in values[field.local] as Record<string, unknown>) return true;
  return false;
}
