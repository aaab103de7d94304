import { type DescField, type DescMessage, fromBinary, ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { FieldWriter, JsonWriter } from './json-writer.ts';
import type { TextMemo } from './text-memo.ts';

/** Writes an encoded message. What `memo` knows is not written again. Throws for what is no message. */
export type EncodedWriter = (message: Uint8Array, memo: TextMemo) => string;

/** Smaller messages are written sooner than looked up. */
const REMEMBERED_FROM_BYTES = 256;

/** The texts of a message's fields, by their places in the order of writing. Elements of a list stand behind commas. */
type Texts = (string | undefined)[];

/** Takes a field off the reader. Answers false for a second part of a message, which has to be merged with the first. */
type ReadField = (reader: BinaryReader, wireType: WireType, texts: Texts, memo: TextMemo) => boolean;

/**
 * Makes writers of encoded messages: they write what `writer` writes of the decoded message, but don't decode it. Only
 * messages with maps, and those that come in parts, are decoded.
 */
export function createEncodedWriter({ write, fieldsOf }: JsonWriter): (schema: DescMessage) => EncodedWriter {
  const writers = new WeakMap<DescMessage, EncodedWriter>();

  function writerOf(schema: DescMessage): EncodedWriter {
    let writer = writers.get(schema);
    if (writer === undefined) {
      writer = schema.fields.every(isReadAtOnce) ? makeWriter(schema) : decodingWriter(schema);
      writers.set(schema, writer);
    }
    return writer;
  }

  function decodingWriter(schema: DescMessage): EncodedWriter {
    return (message) => write(schema, fromBinary(schema, message));
  }

  function makeWriter(schema: DescMessage): EncodedWriter {
    const fields = fieldsOf(schema);
    const decode = decodingWriter(schema);
    let readers: ReadonlyMap<number, ReadField> | undefined;
    return (message, memo) => {
      // The fields are looked at when first needed, since messages may contain themselves.
      readers ??= new Map(fields.map((field, place) => [field.plan.number, fieldReader(schema, field, place)]));
      const texts: Texts = new Array(fields.length);
      const reader = new BinaryReader(message);
      while (reader.pos < reader.len) {
        const [number, wireType] = reader.tag();
        const read = readers.get(number);
        if (read === undefined) reader.skip(wireType, number);
        else if (!read(reader, wireType, texts, memo)) return decode(message, memo);
      }
      return joined(fields, texts);
    };
  }

  function fieldReader(schema: DescMessage, field: FieldWriter, place: number): ReadField {
    const desc = schema.fields.find(({ number }) => number === field.plan.number);
    if (desc === undefined) throw new Error(`${schema.typeName} has no field ${field.plan.name}`);
    if (desc.message !== undefined) return messageReader(desc.message, desc.fieldKind === 'list', place);
    const read = scalarReader(desc.scalar ?? ScalarType.INT32);
    if (desc.fieldKind === 'list') return listReader(read, field, place);
    const isKnown = desc.enum === undefined || desc.enum.open ? undefined : desc.enum.value;
    return (reader, _wireType, texts) => {
      const value = read(reader);
      // A number that the enum doesn't know is an unknown field.
      if (isKnown === undefined || isKnown[value as number] !== undefined) texts[place] = field.writeValue(value);
      return true;
    };
  }

  function messageReader(schema: DescMessage, isList: boolean, place: number): ReadField {
    let writer: EncodedWriter | undefined;
    return (reader, _wireType, texts, memo) => {
      const before = texts[place];
      if (before !== undefined && !isList) return false;
      writer ??= writerOf(schema);
      const message = reader.bytes();
      const text =
        message.length < REMEMBERED_FROM_BYTES ? writer(message, memo) : memo.textOf(schema, message, writer);
      texts[place] = before === undefined ? text : `${before},${text}`;
      return true;
    };
  }

  return writerOf;
}

function isReadAtOnce(field: DescField): boolean {
  return (
    field.fieldKind !== 'map' && field.oneof === undefined && !('delimitedEncoding' in field && field.delimitedEncoding)
  );
}

function listReader(read: ReadScalar, { writeValue, plan }: FieldWriter, place: number): ReadField {
  const { value } = plan;
  const isPackable =
    value.kind === 'enum' || (value.kind === 'scalar' && value.scalar !== 'string' && value.scalar !== 'bytes');
  return (reader, wireType, texts) => {
    let text = texts[place];
    const isPacked = isPackable && wireType === WireType.LengthDelimited;
    for (let left = isPacked ? reader.uint32() : 1; left > 0; ) {
      const start = reader.pos;
      const element = writeValue(read(reader));
      text = text === undefined ? element : `${text},${element}`;
      left -= isPacked ? reader.pos - start : 1;
    }
    texts[place] = text;
    return true;
  };
}

function joined(fields: readonly FieldWriter[], texts: Texts): string {
  let text = '{';
  for (let place = 0; place < fields.length; place++) {
    const value = texts[place];
    const field = fields[place];
    if (value === undefined || field === undefined) continue;
    text += text.length === 1 ? field.key : field.commaKey;
    text += field.shape === 'list' ? `[${value}]` : value;
  }
  return `${text}}`;
}

type ReadScalar = (reader: BinaryReader) => unknown;

const SCALAR_READERS: Readonly<Record<ScalarType, ReadScalar>> = {
  [ScalarType.DOUBLE]: (reader) => reader.double(),
  [ScalarType.FLOAT]: (reader) => reader.float(),
  [ScalarType.INT64]: (reader) => reader.int64(),
  [ScalarType.UINT64]: (reader) => reader.uint64(),
  [ScalarType.INT32]: (reader) => reader.int32(),
  [ScalarType.FIXED64]: (reader) => reader.fixed64(),
  [ScalarType.FIXED32]: (reader) => reader.fixed32(),
  [ScalarType.BOOL]: (reader) => reader.bool(),
  [ScalarType.STRING]: (reader) => reader.string(),
  [ScalarType.BYTES]: (reader) => reader.bytes(),
  [ScalarType.UINT32]: (reader) => reader.uint32(),
  [ScalarType.SFIXED32]: (reader) => reader.sfixed32(),
  [ScalarType.SFIXED64]: (reader) => reader.sfixed64(),
  [ScalarType.SINT32]: (reader) => reader.sint32(),
  [ScalarType.SINT64]: (reader) => reader.sint64(),
};

function scalarReader(type: ScalarType): ReadScalar {
  return SCALAR_READERS[type];
}
