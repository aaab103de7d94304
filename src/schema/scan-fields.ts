import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { type FieldPlan, planOf } from './message-plan.ts';

/** What a scan finds of a field: integers as in the message, messages, texts and bytes as they are encoded. */
type ScannedField<Value> = Value extends bigint ? bigint : Value extends number | boolean ? number : Uint8Array;

type FieldName<Desc extends DescMessage> = Exclude<keyof MessageShape<Desc>, '$typeName' | '$unknown'> & string;

/** The fields that a scan found. One that is not set is not there. */
export type ScannedFields<Desc extends DescMessage, Name extends FieldName<Desc>> = {
  [K in Name]?: ScannedField<NonNullable<MessageShape<Desc>[K]>>;
};

export type FieldScan<Desc extends DescMessage, Name extends FieldName<Desc>> = (
  encoded: Uint8Array,
) => ScannedFields<Desc, Name>;

type Read = (reader: BinaryReader) => bigint | number | Uint8Array;

/**
 * Makes a function that finds some fields of an encoded message and skips the others, for messages that go on as they
 * are. `names` are those of the generated message; they must be single fields, of integers, texts, bytes or messages. Of a
 * field that stands there more than once, the last one counts. The function throws for what is no message.
 */
export function fieldScan<Desc extends DescMessage, const Name extends FieldName<Desc>>(
  schema: Desc,
  names: readonly Name[],
): FieldScan<Desc, Name> {
  const wanted = new Map(names.map((name) => plannedScan(schema, name)));
  return (encoded) => {
    const found: Record<string, bigint | number | Uint8Array> = {};
    const reader = new BinaryReader(encoded);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      const field = wanted.get(number);
      if (field?.wireType === wireType) found[field.name] = field.read(reader);
      else reader.skip(wireType, number);
    }
    return found as ScannedFields<Desc, Name>;
  };
}

interface PlannedScan {
  readonly name: string;
  readonly wireType: WireType;
  readonly read: Read;
}

function plannedScan(schema: DescMessage, name: string): [number, PlannedScan] {
  const field = planOf(schema).fields.find((each) => each.local === name);
  if (field === undefined || field.shape !== 'single')
    throw new Error(`${schema.typeName} has no single field ${name}`);
  return [field.number, { name, ...readerOf(field) }];
}

function readerOf({ value, fullName }: FieldPlan): Omit<PlannedScan, 'name'> {
  if (value.kind === 'message') return { wireType: WireType.LengthDelimited, read: (reader) => reader.bytes() };
  switch (value.kind === 'enum' ? 'int32' : value.scalar) {
    case 'string':
    case 'bytes':
      return { wireType: WireType.LengthDelimited, read: (reader) => reader.bytes() };
    case 'int64':
      return { wireType: WireType.Varint, read: (reader) => BigInt(reader.int64()) };
    case 'int32':
    case 'bool':
      return { wireType: WireType.Varint, read: (reader) => reader.int32() };
    default:
      throw new Error(`${fullName} is of a kind that is not scanned`);
  }
}
