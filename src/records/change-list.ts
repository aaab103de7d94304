import { type Awaitable, whenThere } from '../awaitable.ts';
import type { FieldsToEncode, KeyKind, KeyShape } from '../keys/key-kind.ts';
import { type ReadOptions, type Transaction, VERSIONSTAMP_BYTES } from '../kv/store.ts';
import { MalformedValueError } from './malformed-value.ts';

/** The shape of a key whose value is the last changes of something, each with the versionstamp of its commit. */
export type ChangeListKeyShape = KeyShape & { readonly value: { readonly type: 'change list' } };

/** The list forgets what is older than this many changes, or what is beyond this many bytes. */
const MOST_CHANGES = 32;
const LONGEST_BYTES = 4_096;

const LENGTH_BYTES = 2;

/** The last changes of something, newest first. The bytes are read no further than they are asked for. */
export class ChangeList {
  readonly #kind: string;
  readonly #key: Buffer;
  readonly #value: Buffer;

  constructor(kind: string, key: Buffer, value: Uint8Array) {
    this.#kind = kind;
    this.#key = key;
    this.#value = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }

  /** The versionstamp of the newest change: no bytes where there was none, and rising with every change. */
  get stamp(): Buffer {
    return this.#value.subarray(0, VERSIONSTAMP_BYTES);
  }

  /** What was changed since the stamp was `stamp`; undefined where the list doesn't reach back that far. */
  since(stamp: Uint8Array): ReadonlySet<string> | undefined {
    const subjects = new Set<string>();
    for (const entry of this.#entries()) {
      if (entry.subarray(0, VERSIONSTAMP_BYTES).equals(stamp)) return subjects;
      subjects.add(entry.toString('utf8', VERSIONSTAMP_BYTES + LENGTH_BYTES));
    }
    return undefined;
  }

  /** The bytes of a list that begins with a change of `subject`, whose stamp is still to come. */
  with(subject: string): Buffer {
    const text = Buffer.from(subject);
    const newest = Buffer.alloc(VERSIONSTAMP_BYTES + LENGTH_BYTES);
    newest.writeUInt16BE(text.length, VERSIONSTAMP_BYTES);
    const entries: Buffer[] = [newest, text];
    let size = newest.length + text.length;
    let count = 1;
    for (const entry of this.#entries()) {
      size += entry.length;
      if (++count > MOST_CHANGES || size > LONGEST_BYTES) break;
      entries.push(entry);
    }
    return Buffer.concat(entries);
  }

  *#entries(): Generator<Buffer> {
    const value = this.#value;
    for (let at = 0; at < value.length; ) {
      const text_at = at + VERSIONSTAMP_BYTES + LENGTH_BYTES;
      const end = text_at <= value.length ? text_at + value.readUInt16BE(text_at - LENGTH_BYTES) : text_at;
      if (end > value.length) throw new MalformedValueError(this.#kind, this.#key);
      yield value.subarray(at, end);
      at = end;
    }
  }
}

/** The list at a key, which is empty where nothing is stored. */
export function readChanges<Shape extends ChangeListKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  options?: ReadOptions,
): Awaitable<ChangeList> {
  const key = kind.encode(fields);
  return whenThere(txn.get(key, options), (value) => new ChangeList(kind.name, key, value ?? NOTHING));
}

/** Stores the list `last` with one more change, which gets the stamp of the transaction. */
export function writeChange<Shape extends ChangeListKeyShape>(
  txn: Transaction,
  kind: KeyKind<string, Shape>,
  fields: FieldsToEncode<Shape>,
  last: ChangeList,
  subject: string,
): void {
  txn.setVersionstampedValue(kind.encode(fields), last.with(subject), 0);
}

const NOTHING = new Uint8Array(0);
