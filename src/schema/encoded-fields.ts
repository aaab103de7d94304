import { type DescMessage, fromBinary, type Message, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { planOf } from './message-plan.ts';

type EncodedFields = NonNullable<Message['$unknown']>;

/**
 * The values of a message field, given as the bytes that they were stored as, for the `$unknown` of a response. In the
 * binary form they stand as they are, without having been decoded and encoded again. Readers of the message's property
 * don't see them; the writers of JSON do. `name` is that of the schema; one that is no message field is a defect.
 */
export function encodedFields(schema: DescMessage, name: string, values: Iterable<Uint8Array>): EncodedFields {
  const no = numberOf(schema, name);
  return Array.from(values, (value) => ({
    no,
    wireType: WireType.LengthDelimited,
    data: behindItsLength(value),
  }));
}

const VARINT_BITS = 7;
const MORE_BYTES = 0x80;

/** Bytes behind their length, as a message stands in a field. There may be thousands; a BinaryWriter for each takes its time. */
function behindItsLength(value: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = value.length;
  for (; rest >= MORE_BYTES; rest >>>= VARINT_BITS) length.push((rest & (MORE_BYTES - 1)) | MORE_BYTES);
  length.push(rest);
  const data = Buffer.allocUnsafe(length.length + value.length);
  data.set(length);
  data.set(value, length.length);
  return data;
}

/** An encoded message with one more message field. Where it has the field already, readers merge the two, as protobuf asks. */
export function appendEncoded(schema: DescMessage, message: Uint8Array, name: string, value: Uint8Array): Buffer {
  return Buffer.concat([message, encodeField(schema, name, value)]);
}

/**
 * One field of a message, encoded, to stand behind the bytes of others: an int32 or int64, or a message that is encoded
 * already. Of an integer that the message has before, readers take this one. `name` is that of the schema; one that is no
 * such field is a defect.
 */
export function encodeField(schema: DescMessage, name: string, value: Uint8Array | bigint | number): Uint8Array {
  if (value instanceof Uint8Array) {
    return new BinaryWriter().tag(numberOf(schema, name), WireType.LengthDelimited).bytes(value).finish();
  }
  return new BinaryWriter().tag(integerNumberOf(schema, name), WireType.Varint).int64(value).finish();
}

/** An encoded message without one of its fields. `name` is that of the schema; one that is no field is a defect. */
export function dropEncoded(schema: DescMessage, message: Uint8Array, name: string): Uint8Array {
  const field = planOf(schema).byName.get(name);
  if (field === undefined) throw new Error(`${schema.typeName} has no field ${name}`);
  const reader = new BinaryReader(message);
  const kept: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    reader.skip(wireType, number);
    if (number !== field.number) kept.push(message.subarray(start, reader.pos));
  }
  return Buffer.concat(kept);
}

/** The values that message fields were given encoded, by the numbers of these fields. */
export function encodedMessages(schema: DescMessage, { $unknown: given = [] }: Message): Map<number, Uint8Array[]> {
  const messages = new Map<number, Uint8Array[]>();
  for (const { no, data } of given) {
    if (planOf(schema).byNumber.find(({ number }) => number === no)?.value.kind !== 'message') continue;
    const value = new BinaryReader(data).bytes();
    const others = messages.get(no);
    if (others === undefined) messages.set(no, [value]);
    else others.push(value);
  }
  return messages;
}

/** The message with all of its fields decoded: the same one where none was given encoded. */
export function decodeFields<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): MessageShape<Desc> {
  const given = message.$unknown;
  if (given === undefined) return message;
  const known = new Set(planOf(schema).fields.map(({ number }) => number));
  return given.some(({ no }) => known.has(no)) ? fromBinary(schema, toBinary(schema, message)) : message;
}

function numberOf(schema: DescMessage, name: string): number {
  const field = planOf(schema).byName.get(name);
  if (field?.value.kind !== 'message') throw new Error(`${schema.typeName} has no message field ${name}`);
  return field.number;
}

function integerNumberOf(schema: DescMessage, name: string): number {
  const field = planOf(schema).byName.get(name);
  if (field?.value.kind !== 'scalar' || !['int32', 'int64'].includes(field.value.scalar)) {
    throw new Error(`${schema.typeName} has no integer field ${name}`);
  }
  return field.number;
}
