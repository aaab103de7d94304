import type { DescMessage } from '@bufbuild/protobuf';
import type { BodyShape } from '../admin/operation.ts';
import { type FieldPlan, planOf, type ScalarKind, type ValuePlan } from '../schema/message-plan.ts';
import type { JsonSchema } from './document.ts';
import { aboutField } from './field-abouts.ts';
import { readSelection, type Selection } from './selection.ts';

/** What of the JSON that is read can be said in a schema; the reader takes more, such as booleans in quotes. */
const SCALARS: Readonly<Record<ScalarKind, JsonSchema>> = {
  int32: { type: 'integer', format: 'int32' },
  uint32: { type: 'integer', minimum: 0 },
  int64: { type: ['integer', 'string'], format: 'int64' },
  uint64: { type: ['integer', 'string'], minimum: 0 },
  double: { type: 'number' },
  bool: { type: 'boolean' },
  string: { type: 'string' },
  bytes: { type: 'string', contentEncoding: 'base64' },
};

/**
 * The schema of a request's body: the fields that the operation looks at. By the document's rules more must be there, and
 * more is understood, than by those of the reference. Throws for a field that the message has not.
 */
export function bodySchema(body: BodyShape, documentRules: boolean): JsonSchema {
  return objectSchema(body.schema, readSelection(body.fields), { ...body, documentRules });
}

interface Context extends Pick<BodyShape, 'aliases' | 'numbersAsText'> {
  readonly documentRules: boolean;
}

function objectSchema(message: DescMessage, selection: Selection | undefined, context: Context): JsonSchema {
  const plan = planOf(message);
  const names = selection ? [...selection.keys()] : [...plan.byName.keys()];
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const name of names) {
    const field = plan.byName.get(name);
    if (field === undefined) throw new Error(`${message.typeName} has no field ${name}`);
    const selected = selection?.get(name);
    properties[name] = fieldSchema(field, selected?.fields, context);
    if (field.required || (context.documentRules && selected?.required)) required.push(name);
  }
  return { type: 'object', ...(required.length > 0 && { required }), properties };
}

function fieldSchema(field: FieldPlan, selection: Selection | undefined, context: Context): JsonSchema {
  const description = aboutField(field);
  const value = valueSchema(field, selection, context);
  const about = description === undefined ? {} : { description };
  return field.shape === 'list' ? { type: 'array', items: value, ...about } : { ...value, ...about };
}

function valueSchema(field: FieldPlan, selection: Selection | undefined, context: Context): JsonSchema {
  const { value, fullName } = field;
  const { documentRules, numbersAsText } = context;
  if (value.kind === 'message') return objectSchema(value.schema, selection, context);
  if (value.kind === 'enum') return { type: 'string', enum: namesOf(value, context) };
  if (documentRules && numbersAsText?.has(fullName)) return { type: ['string', 'integer'] };
  return SCALARS[value.scalar];
}

function namesOf(value: Extract<ValuePlan, { kind: 'enum' }>, { aliases, documentRules }: Context): string[] {
  const names = [...value.enum.byName.keys()];
  if (!documentRules || aliases === undefined) return names;
  return [...names, ...[...aliases].filter(([, name]) => value.enum.byName.has(name)).map(([alias]) => alias)];
}
