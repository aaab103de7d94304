import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { decodeFields } from '../encoded-fields.ts';
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

/** The JSON answer of an RPC in the plainest way there is, as the definition of what a faster one must write. */
export function plainBrpcJson<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string {
  return messageText(schema, valuesOf(decodeFields(schema, message)));
}

function messageText(schema: DescMessage, values: FieldValues): string {
  const { fields } = planOf(schema);
  const isLast = (field: FieldPlan) => field.shape === 'map' && field.mapKey === 'string';
  const ordered = [...fields.filter((field) => !isLast(field)), ...fields.filter(isLast)];
  const texts = ordered.map((field) => ({ field, text: fieldText(field, values) }));
  const present = texts.filter(({ text }) => text !== undefined);
  return `{${present.map(({ field, text }) => `"${field.name}":${text}`).join(',')}}`;
}

function fieldText(field: FieldPlan, values: FieldValues): string | undefined {
  if (field.shape === 'single') return isSet(values, field) ? valueText(field.value, values[field.local]) : undefined;
  if (field.shape === 'list') {
    const list = listOf(values, field);
    return list.length > 0 ? `[${list.map((value) => valueText(field.value, value)).join(',')}]` : undefined;
  }
  const entries = Object.entries(mapOf(values, field)).map(([key, value]) => [key, valueText(field.value, value)]);
  if (field.mapKey === 'string') return `{${entries.map(([key = '', text]) => `${quoted(key)}:${text}`).join(',')}}`;
  return entries.length > 0
    ? `[${entries.map(([key, text]) => `{"key":${key},"value":${text}}`).join(',')}]`
    : undefined;
}

function valueText(plan: ValuePlan, value: unknown): string {
  if (plan.kind === 'message') return messageText(plan.schema, valuesOf(value as object));
  if (plan.kind === 'enum') {
    const name = plan.enum.byNumber.get(value as number);
    return name === undefined ? String(value) : `"${name}"`;
  }
  switch (plan.scalar) {
    case 'string':
      return quoted(value as string);
    case 'bytes':
      return `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
    case 'double':
      return doubleText(value as number);
    default:
      return String(value);
  }
}

/** As JSON.stringify, which writes the digits of its escapes in lower case. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/(?<!\\)((?:\\\\)*)\\u00(..)/g, (_, before: string, digits: string) => {
    return `${before}\\u00${digits.toUpperCase()}`;
  });
}

function doubleText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return '-0.0';
  const text = JSON.stringify(value).replace('e+', 'e');
  return /[.e]/.test(text) ? text : `${text}.0`;
}
