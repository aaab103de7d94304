import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';

/** What a value is, with the wire's many integer encodings folded into the four that differ in a text. */
export type ScalarKind = 'int32' | 'uint32' | 'int64' | 'uint64' | 'double' | 'bool' | 'string' | 'bytes';

/** A message as its fields by local name: what generated messages are underneath. */
export type FieldValues = Record<string, unknown>;

export type ValuePlan =
  | { readonly kind: 'scalar'; readonly scalar: ScalarKind }
  | { readonly kind: 'enum'; readonly enum: EnumPlan }
  | { readonly kind: 'message'; readonly schema: DescMessage };

/** One field, as the readers and writers of text forms need it. */
export interface FieldPlan {
  /** The name in the schema, which is also the one in texts. */
  readonly name: string;
  /** The property of the generated message. */
  readonly local: string;
  readonly number: number;
  /** Such as `doris.cloud.TxnInfoPB.table_ids`. */
  readonly fullName: string;
  readonly shape: 'single' | 'list' | 'map';
  /** The value, or the value of an element or entry. */
  readonly value: ValuePlan;
  /** Only of maps. */
  readonly mapKey: ScalarKind | undefined;
  readonly required: boolean;
}

export interface EnumPlan {
  readonly typeName: string;
  readonly byName: ReadonlyMap<string, number>;
  readonly byNumber: ReadonlyMap<number, string>;
}

export interface MessagePlan {
  readonly schema: DescMessage;
  /** In the order of declaration; `byNumber` in that of the binary form. */
  readonly fields: readonly FieldPlan[];
  readonly byNumber: readonly FieldPlan[];
  readonly byName: ReadonlyMap<string, FieldPlan>;
  /** By the name in the schema and by its camelCase form. */
  readonly byAnyName: ReadonlyMap<string, FieldPlan>;
  readonly required: readonly FieldPlan[];
}

const plans = new WeakMap<DescMessage, MessagePlan>();
const enumPlans = new WeakMap<DescEnum, EnumPlan>();

const SCALAR_KINDS: Readonly<Record<ScalarType, ScalarKind>> = {
  [ScalarType.DOUBLE]: 'double',
  [ScalarType.FLOAT]: 'double',
  [ScalarType.INT64]: 'int64',
  [ScalarType.UINT64]: 'uint64',
  [ScalarType.INT32]: 'int32',
  [ScalarType.FIXED64]: 'uint64',
  [ScalarType.FIXED32]: 'uint32',
  [ScalarType.BOOL]: 'bool',
  [ScalarType.STRING]: 'string',
  [ScalarType.BYTES]: 'bytes',
  [ScalarType.UINT32]: 'uint32',
  [ScalarType.SFIXED32]: 'int32',
  [ScalarType.SFIXED64]: 'int64',
  [ScalarType.SINT32]: 'int32',
  [ScalarType.SINT64]: 'int64',
};

/** The plan of a message type, computed once. */
export function planOf(schema: DescMessage): MessagePlan {
  let plan = plans.get(schema);
  if (plan === undefined) {
    plan = makePlan(schema);
    plans.set(schema, plan);
  }
  return plan;
}

function makePlan(schema: DescMessage): MessagePlan {
  const fields = schema.fields.map(planField);
  const byName = new Map(fields.map((field) => [field.name, field]));
  const byJsonName = schema.fields.map((desc) => [desc.jsonName, byName.get(desc.name)] as const);
  const byAnyName = new Map(byName);
  for (const [name, field] of byJsonName) if (field !== undefined) byAnyName.set(name, field);
  const byNumber = fields.toSorted((a, b) => a.number - b.number);
  return { schema, fields, byNumber, byName, byAnyName, required: fields.filter((field) => field.required) };
}

function planField(desc: DescField): FieldPlan {
  return {
    name: desc.name,
    local: desc.localName,
    number: desc.number,
    fullName: `${desc.parent.typeName}.${desc.name}`,
    shape: desc.fieldKind === 'list' || desc.fieldKind === 'map' ? desc.fieldKind : 'single',
    value: planValue(desc),
    mapKey: desc.fieldKind === 'map' ? SCALAR_KINDS[desc.mapKey] : undefined,
    required: isRequired(desc),
  };
}

function planValue(desc: DescField): ValuePlan {
  if (desc.message !== undefined) return { kind: 'message', schema: desc.message };
  if (desc.enum !== undefined) return { kind: 'enum', enum: enumPlanOf(desc.enum) };
  if (desc.scalar !== undefined) return { kind: 'scalar', scalar: SCALAR_KINDS[desc.scalar] };
  throw new Error('a field that is no message, enum or scalar');
}

function enumPlanOf(desc: DescEnum): EnumPlan {
  let plan = enumPlans.get(desc);
  if (plan === undefined) {
    plan = {
      typeName: desc.typeName,
      byName: new Map(desc.values.map((value) => [value.name, value.number])),
      byNumber: new Map(desc.values.map((value) => [value.number, value.name])),
    };
    enumPlans.set(desc, plan);
  }
  return plan;
}

/** `FeatureSet.FieldPresence.LEGACY_REQUIRED`, which is how the runtime describes proto2's `required`. */
const LEGACY_REQUIRED = 3;

function isRequired(desc: DescField): boolean {
  return (desc.presence as number) === LEGACY_REQUIRED;
}

/** The properties of a generated message, for access by plan. */
export function valuesOf(message: object): FieldValues {
  return message as FieldValues;
}

/** Whether a single field is set: proto2 defaults live on the prototype, so only an own property counts. */
export function isSet(values: FieldValues, field: FieldPlan): boolean {
  return Object.hasOwn(values, field.local) && values[field.local] !== undefined;
}

/** The elements of a repeated field. */
export function listOf(values: FieldValues, field: FieldPlan): unknown[] {
  return values[field.local] as unknown[];
}

/** The entries of a map field, by key in text form. */
export function mapOf(values: FieldValues, field: FieldPlan): Record<string, unknown> {
  return values[field.local] as Record<string, unknown>;
}

/** Sets an entry; a plain assignment of `__proto__` would set the prototype. */
export function setEntry(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    map[key] = value;
  }
}

/** What proto2 says an absent value of a map entry is. Messages are the caller's to create. */
export function zeroOf(plan: Exclude<ValuePlan, { kind: 'message' }>): unknown {
  if (plan.kind === 'enum') return plan.enum.byNumber.keys().next().value;
  switch (plan.scalar) {
    case 'int64':
    case 'uint64':
      return 0n;
    case 'string':
      return '';
    case 'bytes':
      return new Uint8Array();
    case 'bool':
      return false;
    default:
      return 0;
  }
}
