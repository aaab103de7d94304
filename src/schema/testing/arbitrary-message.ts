import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { type FieldPlan, planOf, type ScalarKind, setEntry, type ValuePlan, valuesOf } from '../message-plan.ts';

/** Text of any well-formed Unicode, with the characters that writers escape more often than chance would have them. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ unit: 'grapheme-ascii' }),
  awkwardText(),
);

function awkwardText(): fc.Arbitrary<string> {
  const characters = [
    '"',
    '\\',
    '/',
    '<',
    '>',
    "'",
    '\n',
    '\u0000',
    '\u007f',
    '\u00ad',
    '\u2028',
    '\ufeff',
    '你',
    '😀',
  ];
  return fc.string({ unit: fc.constantFrom(...characters), maxLength: 6 });
}

const SCALARS: Readonly<Record<ScalarKind, fc.Arbitrary<unknown>>> = {
  int32: fc.integer(),
  uint32: fc.integer({ min: 0, max: 0xffff_ffff }),
  int64: fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 9n })),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  double: fc.double({ noNaN: true }),
  bool: fc.boolean(),
  string: anyText,
  bytes: fc.uint8Array({ maxLength: 12 }),
};

/** Random messages of a type: required fields always set, others sometimes, at most `depth` messages inside each other. */
export function arbitraryMessage<Desc extends DescMessage>(schema: Desc, depth = 4): fc.Arbitrary<MessageShape<Desc>> {
  const plan = planOf(schema);
  const fields = plan.fields.filter((field) => field.required || depth > 0 || field.value.kind !== 'message');
  const required = fields.filter((field) => field.required).map((field) => field.local);
  const model = Object.fromEntries(fields.map((field) => [field.local, arbitraryField(field, depth)]));
  return fc.record(model, { requiredKeys: required }).map((values) => {
    const message = create(schema);
    Object.assign(valuesOf(message), values);
    return message;
  });
}

function arbitraryField(field: FieldPlan, depth: number): fc.Arbitrary<unknown> {
  const value = arbitraryValue(field.value, depth);
  if (field.shape === 'single') return value;
  if (field.shape === 'list') return fc.array(value, { maxLength: 3 });
  const key = SCALARS[field.mapKey ?? 'string'].map(String);
  return fc.array(fc.tuple(key, value), { maxLength: 3 }).map((entries) => {
    const map: Record<string, unknown> = {};
    for (const [name, entry] of entries) setEntry(map, name, entry);
    return map;
  });
}

function arbitraryValue(plan: ValuePlan, depth: number): fc.Arbitrary<unknown> {
  if (plan.kind === 'message') return fc.constant(null).chain(() => arbitraryMessage(plan.schema, depth - 1));
  if (plan.kind === 'enum') return fc.constantFrom(...plan.enum.byNumber.keys());
  return SCALARS[plan.scalar];
}
