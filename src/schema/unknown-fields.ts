import type { DescMessage, Message } from '@bufbuild/protobuf';
import { type FieldPlan, isSet, listOf, mapOf, planOf, valuesOf } from './message-plan.ts';

/**
 * The paths of fields that a message has and its schema does not: `txn_info.table_ids.99`, without the places in lists, each
 * once.
 */
export function unknownFields(schema: DescMessage, message: Message): ReadonlySet<string> {
  const found = new Set<string>();
  collect(schema, message, '', found);
  return found;
}

function collect(schema: DescMessage, message: Message, path: string, found: Set<string>): void {
  for (const { no } of message.$unknown ?? []) found.add(`${path}${no}`);
  const values = valuesOf(message);
  for (const field of planOf(schema).fields) {
    if (field.value.kind !== 'message') continue;
    for (const inside of messagesIn(field, values)) {
      collect(field.value.schema, inside as Message, `${path}${field.name}.`, found);
    }
  }
}

function messagesIn(field: FieldPlan, values: Record<string, unknown>): readonly unknown[] {
  if (field.shape === 'list') return listOf(values, field);
  if (field.shape === 'map') return Object.values(mapOf(values, field));
  return isSet(values, field) ? [values[field.local]] : [];
}
