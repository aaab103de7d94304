import type { DescMessage, Message } from '@bufbuild/protobuf';
import { decodeFields, encodedMessages } from '../encoded-fields.ts';
import { valuesOf } from '../message-plan.ts';
import { encodeBase64 } from './base64.ts';
import { createEncodedWriter } from './encoded-writer.ts';
import { type FieldWriter, isPresent, type JsonWriter } from './json-writer.ts';
import { TextMemo } from './text-memo.ts';

/** A piece ends where it has reached this length. */
const PIECE_CHARS = 64 * 1024;
/** Bytes are written in parts of this size, whose base64 needs no padding. */
const BYTES_IN_A_PART = 3 * 64 * 1024;

type Texts = Generator<string, void, undefined>;
type Encoded = readonly Uint8Array[];
type PiecesWriter = (schema: DescMessage, message: Message) => Texts;

/**
 * Makes a function that writes what `writer` writes, in pieces of some 64 KiB, so that other work can be done between those
 * of a message with long lists. Fields that were given encoded are written without being decoded.
 */
export function createPiecesWriter(writer: JsonWriter): PiecesWriter {
  const encodedWriterOf = createEncodedWriter(writer);

  function encodedText({ plan }: FieldWriter, message: Uint8Array, memo: TextMemo): string {
    if (plan.value.kind !== 'message') throw new Error(`${plan.fullName} is no message field`);
    return encodedWriterOf(plan.value.schema)(message, memo);
  }

  function* listTexts(field: FieldWriter, list: readonly unknown[], encoded: Encoded, memo: TextMemo): Texts {
    let separator = '[';
    for (const element of list) {
      yield separator;
      if (element instanceof Uint8Array) yield* base64Texts(element);
      else yield field.writeValue(element);
      separator = ',';
    }
    for (const message of encoded) {
      yield separator;
      yield encodedText(field, message, memo);
      separator = ',';
    }
    yield ']';
  }

  function* messageTexts(schema: DescMessage, given: Message): Texts {
    const fields = writer.fieldsOf(schema);
    const encoded = encodedMessages(schema, given);
    const isInParts = fields.some((field) => comesInParts(field, given, encoded.get(field.plan.number)));
    const values = valuesOf(isInParts ? decodeFields(schema, given) : given);
    const memo = new TextMemo();
    let isFirst = true;
    for (const field of fields) {
      const messages = (isInParts ? undefined : encoded.get(field.plan.number)) ?? [];
      const [message] = messages;
      if (message === undefined && !isPresent(field, values)) continue;
      yield isFirst ? `{${field.key}` : field.commaKey;
      isFirst = false;
      if (field.shape === 'list') yield* listTexts(field, values[field.local] as unknown[], messages, memo);
      else yield message === undefined ? field.write(values[field.local]) : encodedText(field, message, memo);
    }
    yield isFirst ? '{}' : '}';
  }

  return (schema, message) => gathered(messageTexts(schema, message));
}

/** A list of numbers or texts that is longer is worth being written in pieces. */
const SHORT_LIST = 1024;

/**
 * Makes a function that tells messages which are as well written in one go: they have no field that was given encoded, and no
 * list that is long, or of messages or bytes. Nearly all answers are such.
 */
export function createShortTest({ fieldsOf }: JsonWriter): (schema: DescMessage, message: Message) => boolean {
  const listsOf = new WeakMap<DescMessage, readonly ListLimit[]>();

  function limitsOf(schema: DescMessage): readonly ListLimit[] {
    let limits = listsOf.get(schema);
    if (limits === undefined) {
      limits = fieldsOf(schema)
        .filter(({ shape }) => shape === 'list')
        .map(limitOf);
      listsOf.set(schema, limits);
    }
    return limits;
  }

  return (schema, message) => {
    if (message.$unknown !== undefined) return false;
    const values = valuesOf(message);
    return limitsOf(schema).every(({ local, most }) => (values[local] as unknown[]).length <= most);
  };
}

/** The most elements that a list of a short message has. */
interface ListLimit {
  readonly local: string;
  readonly most: number;
}

function limitOf({ local, plan: { value } }: FieldWriter): ListLimit {
  const isSmall = value.kind === 'enum' || (value.kind === 'scalar' && value.scalar !== 'bytes');
  return { local, most: isSmall ? SHORT_LIST : 0 };
}

/** Whether a field that can be set once was given more often: then its parts are to be merged. */
function comesInParts(field: FieldWriter, message: Message, encoded: Encoded = []): boolean {
  if (field.shape !== 'single' || encoded.length === 0) return false;
  return encoded.length > 1 || isPresent(field, valuesOf(message));
}

function* base64Texts(bytes: Uint8Array): Texts {
  yield '"';
  for (let begin = 0; begin < bytes.length; begin += BYTES_IN_A_PART) {
    yield encodeBase64(bytes.subarray(begin, begin + BYTES_IN_A_PART));
  }
  yield '"';
}

function* gathered(texts: Texts): Texts {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < PIECE_CHARS) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
