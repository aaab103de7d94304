import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** What was kept of some bytes. */
export interface MatchingFields {
  /** Every field that the message declares with the wire type that stands there: what is left decodes without surprises. */
  readonly bytes: Uint8Array;
  /** False when the bytes are no protobuf message to their end; then `bytes` has what came before. */
  readonly whole: boolean;
}

const MOST_LEVELS = 100;
const LONGEST_VARINT_BYTES = 10;

/** How the elements of a field look on the wire, whether they are single, repeated or in a map. */
interface WireShape {
  readonly wireType: WireType;
  readonly packable: boolean;
  readonly message?: MessageShape;
  /** The values of a closed enum. Other numbers are no values of the field. */
  readonly values?: ReadonlySet<number>;
}

type MessageShape = (fieldNumber: number) => WireShape | undefined;

/**
 * Drops what a message doesn't declare, as protobuf's C++ parser does when it meets a known field with another wire type
 * or an unknown enum value. The decoder that is used otherwise takes the bytes for the declared type, which is fine for
 * values of the right kind, and nonsense for the others.
 */
export function keepMatchingFields(schema: DescMessage, bytes: Uint8Array): MatchingFields {
  const writer = new BinaryWriter();
  const whole = copyFields(shapeOf(schema), bytes, writer, MOST_LEVELS);
  return { bytes: writer.finish(), whole };
}

function copyFields(shape: MessageShape, bytes: Uint8Array, writer: BinaryWriter, levels: number): boolean {
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      const value = reader.skip(wireType, number, levels);
      if (wireType === WireType.Varint && value.length > LONGEST_VARINT_BYTES) return false;
      const field = shape(number);
      if (field !== undefined && !copyField(field, { number, wireType, value }, writer, levels)) return false;
    }
    return true;
  } catch {
    // The reader throws for whatever is no field at all.
    return false;
  }
}

interface WireField {
  readonly number: number;
  readonly wireType: WireType;
  /** What follows the tag, a length included. */
  readonly value: Uint8Array;
}

/** Copies one field if it matches. False when the message ends in it. */
function copyField(shape: WireShape, field: WireField, writer: BinaryWriter, levels: number): boolean {
  const { number, wireType, value } = field;
  if (wireType === WireType.LengthDelimited && shape.message !== undefined) {
    if (levels === 0) return false;
    writer.tag(number, wireType).fork();
    const whole = copyFields(shape.message, new BinaryReader(value).bytes(), writer, levels - 1);
    writer.join();
    return whole;
  }
  if (wireType === WireType.LengthDelimited && shape.packable) return copyPacked(shape, number, value, writer);
  if (wireType === shape.wireType && hasValue(shape, value)) writer.tag(number, wireType).raw(value);
  return true;
}

/** Copies packed elements one by one, since some may be no values of the field. */
function copyPacked(shape: WireShape, number: number, value: Uint8Array, writer: BinaryWriter): boolean {
  const reader = new BinaryReader(new BinaryReader(value).bytes());
  while (reader.pos < reader.len) {
    const element = reader.skip(shape.wireType);
    if (hasValue(shape, element)) writer.tag(number, shape.wireType).raw(element);
  }
  return true;
}

function hasValue(shape: WireShape, value: Uint8Array): boolean {
  return shape.values === undefined || shape.values.has(new BinaryReader(value).int32());
}

function shapeOf(schema: DescMessage): MessageShape {
  return (number) => {
    const field = schema.fields.find((each) => each.number === number);
    return field === undefined ? undefined : fieldShape(field);
  };
}

function fieldShape(field: DescField): WireShape {
  switch (field.fieldKind) {
    case 'scalar':
      return scalarShape(field.scalar, false);
    case 'enum':
      return enumShape(field.enum.values, false);
    case 'message':
      return messageShape(shapeOf(field.message));
    case 'list':
      if (field.listKind === 'scalar') return scalarShape(field.scalar, true);
      return field.listKind === 'enum' ? enumShape(field.enum.values, true) : messageShape(shapeOf(field.message));
    case 'map':
      return messageShape((number) => (number === 1 ? scalarShape(field.mapKey, false) : mapValueShape(field, number)));
  }
}

function mapValueShape(field: DescField & { fieldKind: 'map' }, number: number): WireShape | undefined {
  if (number !== 2) return undefined;
  if (field.mapKind === 'scalar') return scalarShape(field.scalar, false);
  return field.mapKind === 'enum' ? enumShape(field.enum.values, false) : messageShape(shapeOf(field.message));
}

function messageShape(message: MessageShape): WireShape {
  return { wireType: WireType.LengthDelimited, packable: false, message };
}

function enumShape(values: readonly { readonly number: number }[], repeated: boolean): WireShape {
  const numbers = new Set(values.map((value) => value.number));
  return { wireType: WireType.Varint, packable: repeated, values: numbers };
}

function scalarShape(type: ScalarType, repeated: boolean): WireShape {
  const wireType = scalarWireType(type);
  return { wireType, packable: repeated && wireType !== WireType.LengthDelimited };
}

function scalarWireType(type: ScalarType): WireType {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}
