import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { isSet, listOf, type MessagePlan, mapOf, planOf, type ValuePlan, valuesOf } from './message-plan.ts';

/**
 * The path of the first unset proto2 `required` field, such as `rowset_meta.tablet_schema.column[2].type`, or
 * undefined. Decoding doesn't check this. Entries of maps are shown without their key: `column_dict.value.type`.
 */
export function missingRequired<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
): string | undefined {
  return needsCheck(schema) ? findMissing(planOf(schema), message) : undefined;
}

const known = new WeakMap<DescMessage, boolean>();

/** Whether a message of this type can lack a required field anywhere inside. Most can't, and aren't looked at. */
function needsCheck(schema: DescMessage): boolean {
  let answer = known.get(schema);
  if (answer === undefined) {
    answer = reachable(schema).some((inner) => planOf(inner).required.length > 0);
    known.set(schema, answer);
  }
  return answer;
}

function reachable(root: DescMessage): DescMessage[] {
  const found = new Set([root]);
  for (const schema of found) {
    for (const { value } of planOf(schema).fields) if (value.kind === 'message') found.add(value.schema);
  }
  return [...found];
}

function findMissing(plan: MessagePlan, message: object): string | undefined {
  const values = valuesOf(message);
  for (const field of plan.fields) {
    if (field.shape === 'single') {
      const set = isSet(values, field);
      if (field.required && !set) return field.name;
      const path = set ? missingInside(field.value, values[field.local]) : undefined;
      if (path !== undefined) return `${field.name}.${path}`;
    } else if (field.value.kind === 'message' && needsCheck(field.value.schema)) {
      const isList = field.shape === 'list';
      for (const [key, value] of Object.entries(isList ? listOf(values, field) : mapOf(values, field))) {
        const path = missingInside(field.value, value);
        if (path !== undefined) return isList ? `${field.name}[${key}].${path}` : `${field.name}.value.${path}`;
      }
    }
  }
  return undefined;
}

function missingInside(plan: ValuePlan, value: unknown): string | undefined {
  if (plan.kind !== 'message' || !needsCheck(plan.schema)) return undefined;
  return findMissing(planOf(plan.schema), value as object);
}
