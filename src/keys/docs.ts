import type { KeyKind, SplitShape, ValueShape } from './key-kind.ts';
import { allKinds } from './key-table.ts';
import { keyTypes } from './key-types.ts';

const HEAD = `# Keys

<!-- Written from the tables in src/keys/key-table.ts and src/keys/key-types.ts: npx vitest run src/keys/docs.test.ts -u -->

Every key there is, as \`src/keys/key-table.ts\` declares it. The bytes are those of Doris 3.0: a store that either service
wrote can be read by the other. In the lists below, a part in quotes is a constant and a name marked \`#\` is a number.

## Bytes

A key is one byte, its space, and then its parts. Space 1 holds what belongs to one instance, space 2 what belongs to the
whole service. Keys are ordered as their parts are, one after the other.

- Text is \`10\`, the bytes with each \`00\` written as \`00 ff\`, and \`00 01\`.
- A number is \`12\`, or \`11\` when it is negative, and the eight bytes of its magnitude, the highest first. Negative numbers
  therefore come before all others but in falling order among themselves, -1 before -2.

Values:

- A message is written in protobuf's binary form.
- A stamped message has ten more bytes at its end: the versionstamp of the commit that wrote it.
- A change list has, for each of the last changes and the newest first, the versionstamp of the commit that made it, the
  length of a text in two bytes, the highest first, and the text.
- A counter is a number of eight bytes, the lowest first.
- A split value is cut into chunks of at most 90,000 bytes. Each chunk's key is the value's key and one more number: a byte
  that is the version of the way of writing, five zeros, and the number of the chunk in two bytes. A value at the key itself
  is read as well.

## Kinds
`;

/** The page of docs about keys. */
export function keysPage(): string {
  return `${HEAD}
${table(['kind', 'parts', 'value', 'what it is'], allKinds.map(kindRow))}

## Names for the admin tools

\`encode_key\` and \`get_value\` know these names of \`key_type\`. Each takes its parameters from the query, as they are sent:
percent signs are not decoded. What is no number where one is wanted counts as 0.

${table(['key_type', 'parameters', 'kind'], [...keyTypes.values()].map(typeRow))}
`;
}

function kindRow(kind: KeyKind): string[] {
  const parts = kind.shape.parts.map((part) => (typeof part === 'string' ? `"${part}"` : describeField(part)));
  return [
    `\`${kind.name}\``,
    `${kind.shape.space} ${parts.join(' ')}`,
    describeValue(kind.shape.value),
    kind.shape.about,
  ];
}

function describeField({ name, type }: KeyKind['fields'][number]): string {
  return `\`${name}${type === 'int64' ? '#' : ''}\``;
}

function typeRow(type: { name: string; parameters: readonly { name: string }[]; kind: KeyKind }): string[] {
  return [type.name, type.parameters.map(({ name }) => `\`${name}\``).join(' '), `\`${type.kind.name}\``];
}

function describeValue(value: ValueShape): string {
  switch (value.type) {
    case 'message':
      return `\`${value.schema.name}\`${describeSplit(value.split)}`;
    case 'stamped message':
      return `\`${value.schema.name}\`, stamped`;
    case 'bytes':
      return `bytes${describeSplit(value.split)}`;
    case 'counter':
    case 'change list':
    case 'receipt':
      return value.type;
  }
}

function describeSplit(split: SplitShape | undefined): string {
  return split === undefined ? '' : `, split, version ${split.version}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
