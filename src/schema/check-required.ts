import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import {
  type FieldPlan,
  type FieldValues,
  isSet,
  listOf,
  mapOf,
  planOf,
  type ValuePlan,
  valuesOf,
} from './message-plan.ts';

/**
 * The path of the first unset proto2 `required` field, such as `rowset_meta.tablet_schema.column[2].type`, or
 * undefined. Decoding doesn't check this. Entries of maps are shown without their key: `column_dict.value.type`.
 */
export function missingRequired<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): string | undefined {
  return findMissing(relevantFields(schema), message);
}

const known = new WeakMap<DescMessage, readonly FieldPlan[]>();

/** The fields that are required or can lack something inside. Most messages have none, and cost nothing. */
function relevantFields(schema: DescMessage): readonly FieldPlan[] {
  let fields = known.get(schema);
  if (fields === undefined) {
    fields = planOf(schema).fields.filter(isRelevant);
    known.set(schema, fields);
  }
  return fields;
}

function isRelevant(field: FieldPlan): boolean {
  return field.required || (field.value.kind === 'message' && canLackSomething(field.value.schema));
}

function canLackSomething(root: DescMessage): boolean {
  const reachable = new Set([root]);
  for (const schema of reachable) {
    const plan = planOf(schema);
    if (plan.required.length > 0) return true;
    for (const { value } of plan.fields) if (value.kind === 'message') reachable.add(value.schema);
  }
  return false;
}

function findMissing(fields: readonly FieldPlan[], message: object): string | undefined {
  const values = valuesOf(message);
  for (const field of fields) {
    const path = field.shape === 'single' ? missingInSingle(field, values) : missingInMany(field, values);
    if (path !== undefined) return path;
  }
  return undefined;
}

function missingInSingle(field: FieldPlan, values: FieldValues): string | undefined {
  if (!isSet(values, field)) return field.required ? field.name : undefined;
  const path = missingInside(field.value, values[field.local]);
  return path === undefined ? undefined : `${field.name}.${path}`;
}

function missingInMany(field: FieldPlan, values: FieldValues): string | undefined {
  if (field.shape === 'list') {
    for (const [index, value] of listOf(values, field).entries()) {
      const path = missingInside(field.value, value);
      if (path !== undefined) return `${field.name}[${index}].${path}`;
    }
    return undefined;
  }
  for (const value of Object.values(mapOf(values, field))) {
    const path = missingInside(field.value, value);
    if (path !== undefined) return `${field.name}.value.${path}`;
  }
  return undefined;
}

function missingInside(plan: ValuePlan, value: unknown): string | undefined {
  return plan.kind === 'message' ? findMissing(relevantFields(plan.schema), value as object) : undefined;
}
