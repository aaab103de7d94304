import { isUtf8 } from 'node:buffer';
import type { DescMessage } from '@bufbuild/protobuf';
import {
  AFTER_ANY_TAG,
  BYTES_TAG,
  endOfBytes,
  INT64_BYTES,
  INT64_TAG,
  type Int64,
  KeyWriter,
  NEGATIVE_INT64_TAG,
  readInt64,
  type Text,
  unescapeBytes,
} from './codec.ts';

export type FieldType = 'text' | 'int64';

export interface KeyField<Name extends string = string, Type extends FieldType = FieldType> {
  readonly name: Name;
  readonly type: Type;
}

/** A part of a kind of key: a constant, or a field. */
export type PartShape = string | KeyField;

/** What is stored at a key. */
export type ValueShape =
  /** A protobuf message; with `split`, written in chunks at several keys whose suffix begins with that version. */
  | { readonly type: 'message'; readonly schema: DescMessage; readonly split?: SplitShape }
  /** A protobuf message followed by the ten bytes of the versionstamp of the commit that wrote it. */
  | { readonly type: 'stamped message'; readonly schema: DescMessage }
  /** A 64-bit little-endian number that atomic additions change. */
  | { readonly type: 'counter' }
  /** What was changed last, newest first: for each change the versionstamp of its commit, a length in two bytes and a text. */
  | { readonly type: 'change list' }
  /** The versionstamp of a commit, its number, and when it was made, in milliseconds since 1970: numbers of 64 bits. */
  | { readonly type: 'receipt' }
  /** Bytes that mean nothing to this service. */
  | { readonly type: 'bytes'; readonly split: SplitShape };

/** `version`, 0 to 127, says in the suffix of each chunk's key how the value is written. */
export interface SplitShape {
  readonly version: number;
}

export interface KeyShape {
  /** One sentence for the page of docs. */
  readonly about: string;
  readonly space: number;
  readonly parts: readonly PartShape[];
  readonly value: ValueShape;
}

/** Declares a field of text: UTF-8 in the key. */
export function text<const Name extends string>(name: Name): KeyField<Name, 'text'> {
  return { name, type: 'text' };
}

/** Declares a field that is an int64. */
export function int64<const Name extends string>(name: Name): KeyField<Name, 'int64'> {
  return { name, type: 'int64' };
}

type Simplify<T> = { [K in keyof T]: T[K] };
type FieldsOnly<Parts extends readonly PartShape[]> = Parts extends readonly [infer Head, ...infer Tail]
  ? Tail extends readonly PartShape[]
    ? Head extends KeyField
      ? [Head, ...FieldsOnly<Tail>]
      : FieldsOnly<Tail>
    : []
  : [];
type Given<F extends KeyField> = { readonly [K in F as K['name']]: K['type'] extends 'int64' ? Int64 : Text };
type Missing<Fields extends readonly KeyField[]> = { readonly [K in Fields[number] as K['name']]?: never };
type Prefixes<Fields extends readonly KeyField[], Before = unknown> = Fields extends readonly [
  infer Head extends KeyField,
  ...infer Tail extends readonly KeyField[],
]
  ? Simplify<Before & Missing<Fields>> | Prefixes<Tail, Before & Given<Head>>
  : Simplify<Before>;

/** The fields that a key of the shape is made of: text or bytes, bigints or whole numbers. */
export type FieldsToEncode<Shape extends KeyShape> = Simplify<Given<FieldsOnly<Shape['parts']>[number]>>;

/** The fields as they are read from a key: strings and bigints. */
export type DecodedFields<Shape extends KeyShape> = {
  readonly [K in FieldsOnly<Shape['parts']>[number] as K['name']]: K['type'] extends 'int64' ? bigint : string;
};

/** The first fields of a key, none to all of them. */
export type LeadingFields<Shape extends KeyShape> = Prefixes<FieldsOnly<Shape['parts']>>;

/** All keys with `begin <= key < end`. */
export interface KeyRange {
  readonly begin: Buffer;
  readonly end: Buffer;
}

type FieldValues = Readonly<Record<string, Int64 | Text>>;

interface Step {
  /** The encoded constants that stand before the field. */
  readonly before: Buffer;
  readonly name: string;
  readonly type: FieldType;
}

/** Every kind shares one writer: a key is built and finished without interruption. */
const writer = new KeyWriter();

/** One kind of key: how its bytes are made and read, and what is stored there. */
export class KeyKind<Name extends string = string, Shape extends KeyShape = KeyShape> {
  readonly name: Name;
  readonly shape: Shape;
  readonly fields: readonly KeyField[];
  readonly #steps: readonly Step[];
  /** The encoded constants after the last field. */
  readonly #after: Buffer;

  constructor(name: Name, shape: Shape) {
    this.name = name;
    this.shape = shape;
    this.fields = shape.parts.filter((part) => typeof part !== 'string');
    const steps: Step[] = [];
    writer.start();
    writer.byte(shape.space);
    for (const part of shape.parts) {
      if (typeof part === 'string') {
        writer.text(part);
      } else {
        steps.push({ before: writer.finish(), name: part.name, type: part.type });
        writer.start();
      }
    }
    this.#steps = steps;
    this.#after = writer.finish();
  }

  /** The key of these fields. Other properties of the object are ignored. Throws a RangeError for a number that is no int64. */
  encode(fields: FieldsToEncode<Shape>): Buffer {
    const values = fields as FieldValues;
    writer.start();
    for (const step of this.#steps) {
      writer.raw(step.before);
      writeField(step, values[step.name] as Int64 | Text);
    }
    writer.raw(this.#after);
    return writer.finish();
  }

  /** What all keys with these first fields begin with: the constants up to the next field are part of it. */
  prefix(leading: LeadingFields<Shape>): Buffer {
    this.#writePrefix(leading as FieldValues);
    return writer.finish();
  }

  /** All keys with these first fields, the chunks of a split value included. */
  range(leading: LeadingFields<Shape>): KeyRange {
    const begin = this.prefix(leading);
    this.#writePrefix(leading as FieldValues);
    writer.byte(AFTER_ANY_TAG);
    return { begin, end: writer.finish() };
  }

  /** All keys from that of the first fields on, up to and without that of the second. */
  span(from: FieldsToEncode<Shape>, until: FieldsToEncode<Shape>): KeyRange {
    return { begin: this.encode(from), end: this.encode(until) };
  }

  /** The fields of a key of this kind, or undefined when it is none. What is returned encodes to the same bytes again. */
  decode(key: Uint8Array): DecodedFields<Shape> | undefined {
    const read = this.read(key);
    return read?.rest.length === 0 ? read.fields : undefined;
  }

  /**
   * As `decode`, for a key that may go on: `rest` is what follows, such as the suffix of a chunk.
   * Text that is not UTF-8, and numbers that this service would write otherwise, are not of this kind.
   */
  read(key: Uint8Array): { fields: DecodedFields<Shape>; rest: Buffer } | undefined {
    const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
    const fields: Record<string, bigint | string> = {};
    let at = 0;
    for (const step of this.#steps) {
      at = skip(bytes, at, step.before);
      if (at < 0) return undefined;
      const end = fieldEnd(bytes, at, step.type);
      if (end < 0) return undefined;
      const value = step.type === 'int64' ? canonicalInt64(bytes, at) : utf8(bytes, at, end);
      if (value === undefined) return undefined;
      fields[step.name] = value;
      at = end;
    }
    at = skip(bytes, at, this.#after);
    if (at < 0) return undefined;
    return { fields: fields as DecodedFields<Shape>, rest: bytes.subarray(at) };
  }

  #writePrefix(values: FieldValues): void {
    writer.start();
    for (const step of this.#steps) {
      writer.raw(step.before);
      const value = values[step.name];
      if (value === undefined) return;
      writeField(step, value);
    }
    writer.raw(this.#after);
  }
}

function writeField(step: Step, value: Int64 | Text): void {
  if (step.type === 'int64') writer.int64(value as Int64);
  else writer.text(value as Text);
}

/** The position after `constant` at `at`, or a negative one when something else stands there. */
function skip(bytes: Buffer, at: number, constant: Buffer): number {
  const end = at + constant.length;
  if (end > bytes.length) return -1;
  for (let i = 0; i < constant.length; i++) if (bytes[at + i] !== constant[i]) return -1;
  return end;
}

function fieldEnd(bytes: Buffer, at: number, type: FieldType): number {
  const tag = bytes[at];
  if (type === 'text') return tag === BYTES_TAG ? endOfBytes(bytes, at) : -1;
  if (tag !== INT64_TAG && tag !== NEGATIVE_INT64_TAG) return -1;
  return at + INT64_BYTES <= bytes.length ? at + INT64_BYTES : -1;
}

/** Refuses a zero that is marked negative and magnitudes beyond an int64, which other bytes stand for. */
function canonicalInt64(bytes: Buffer, at: number): bigint | undefined {
  const value = readInt64(bytes, at);
  return value < 0n === (bytes[at] === NEGATIVE_INT64_TAG) ? value : undefined;
}

function utf8(bytes: Buffer, at: number, end: number): string | undefined {
  const plain = unescapeBytes(bytes.subarray(at + 1, end - 2));
  return isUtf8(plain) ? plain.toString('utf8') : undefined;
}
