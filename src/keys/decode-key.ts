import { type Chunk, parseChunkSuffix } from './chunk-key.ts';
import { type KeyPart, parseKeyParts } from './codec.ts';
import type { DecodedFields, KeyKind } from './key-kind.ts';
import { allKinds, type KeyName, type Keys } from './key-table.ts';

/** A key of the table: its kind, its fields and, if it holds a part of a split value, which. Narrow it by `name`. */
export type DecodedKey = {
  [Name in KeyName]: {
    readonly name: Name;
    readonly kind: Keys[Name];
    readonly fields: DecodedFields<Keys[Name]['shape']>;
    readonly chunk?: Chunk;
  };
}[KeyName];

/** Why bytes are no key of the table. */
export interface UnknownKey {
  readonly problem: string;
}

/** Says which key of the table some bytes are. */
export function decodeKey(key: Uint8Array): DecodedKey | UnknownKey {
  for (const kind of allKinds as readonly KeyKind[]) {
    const read = kind.read(key);
    if (read === undefined) continue;
    const { fields, rest } = read;
    if (rest.length === 0) return { name: kind.name, kind, fields } as DecodedKey;
    const { value } = kind.shape;
    const chunk = 'split' in value && value.split !== undefined ? parseChunkSuffix(rest) : undefined;
    if (chunk !== undefined) return { name: kind.name, kind, fields, chunk } as DecodedKey;
  }
  return { problem: describeUnknownKey(key) };
}

function describeUnknownKey(key: Uint8Array): string {
  if (key.length === 0) return 'the key is empty';
  const parsed = parseKeyParts(key);
  if ('problem' in parsed) return parsed.problem;
  return `no kind of key has the parts ${[`space ${key[0]}`, ...parsed.value.map(describePart)].join(', ')}`;
}

function describePart(part: KeyPart): string {
  return part.type === 'int64' ? part.value.toString() : JSON.stringify(part.value.toString('utf8'));
}
