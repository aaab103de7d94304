import { type Kind, text } from '../../config/kind.ts';
import { nearest } from '../../config/nearest.ts';
import { decodeKey } from '../../keys/decode-key.ts';
import { type KeyType, keyTypes, readLeading } from '../../keys/key-types.ts';
import { drawKey } from '../../keys/picture.ts';
import { usage } from '../command-error.ts';
import { command, type Noun } from '../program/command.ts';
import { flag, optional, required, several } from '../program/value.ts';
import { listAll } from '../service/own-operation.ts';
import { field, listReport } from '../show/list.ts';
import { maskJson } from '../show/mask-json.ts';
import { jsonText, type Report } from '../show/report.ts';
import { hexKind, nameKind, pageOptions } from './values.ts';

const typeKind: Kind<KeyType> = {
  allowed: 'the name of a kind of key, as encode_key has it',
  placeholder: 'KEY_TYPE',
  parse: (name) => keyTypes.get(name),
  show: ({ name }) => name,
};
const typeArgument = required(text({ placeholder: 'KEY_TYPE' }), 'The kind of key, as in InstanceKey or TxnInfoKey');
const partsArgument = several(nameKind('NAME=VALUE'), 'A part of the key, as in instance_id=demo');

const decode = command({
  name: 'decode',
  summary: 'Say what the bytes of a key are',
  details: 'No service is asked.',
  arguments: { key: required(hexKind, 'The key in hex') },
  options: { ascii: flag('Draw it without lines of Unicode') },
  examples: [{ does: 'The key of an instance', line: 'nereus key decode 0110696e7374616e636500011064656d6f0001' }],
  run: async ({ key, ascii }) => shownKey(key, !ascii),
});

const encode = command({
  name: 'encode',
  summary: 'Say what the bytes of a key are that these parts make',
  details: `No service is asked. The kinds of keys are ${[...keyTypes.keys()].join(', ')}.`,
  arguments: { key_type: typeArgument, part: partsArgument },
  options: { ascii: flag('Draw it without lines of Unicode') },
  examples: [
    { does: 'A transaction', line: 'nereus key encode TxnInfoKey instance_id=demo db_id=10001 txn_id=8912896' },
    { does: 'Its bytes alone', line: 'nereus key encode InstanceKey instance_id=demo --json | jq -r .key' },
  ],
  run: async ({ key_type, part, ascii }) => shownKey(encoded(key_type, part).key, !ascii),
});

const get = command({
  name: 'get',
  summary: 'Show what is stored at a key',
  details: 'The key is made of its parts, or given by --key. Secrets are shown as ******.',
  arguments: { key_type: typeArgument, part: partsArgument },
  options: { key: optional(hexKind, 'The key in hex, in place of its parts') },
  calls_service: true,
  examples: [
    { does: 'An instance', line: 'nereus key get InstanceKey instance_id=demo' },
    { does: 'A key that a scan has shown', line: 'nereus key get TxnInfoKey --key 011074786e0001' },
  ],
  run: async ({ key_type, part, key: given }, { client }) => {
    if (given !== undefined && part.length > 0) throw usage('--key and the parts of a key exclude each other');
    const key = given ?? encoded(key_type, part).key;
    const { name } = typeOf(key_type);
    // In hex, since the service takes the parts as they stand in the URL, escapes included.
    const { text } = await client.admin('get_value', undefined, { query: { key_type: name, key } });
    return shownValue(name, key, text);
  },
});

const scan = command({
  name: 'scan',
  summary: 'List keys in their order',
  details:
    "All of them, those that begin with some bytes, or those of a kind, of which the first parts may be given. Values are not shown, only how long they are. Doris's own service does not know this.",
  arguments: { part: partsArgument },
  options: {
    key_type: optional(typeKind, 'Only keys of this kind'),
    prefix: optional(hexKind, 'Only keys that begin with these bytes'),
    ...pageOptions,
  },
  calls_service: true,
  examples: [
    {
      does: 'The transactions of a database',
      line: 'nereus key scan --key-type TxnInfoKey instance_id=demo db_id=10001',
    },
    { does: 'The first hundred keys of the store', line: 'nereus key scan' },
  ],
  run: async ({ part, key_type, prefix, limit, after }, context) => {
    const fields = partsOf(part);
    if (key_type === undefined && fields.size > 0) throw usage('parts are those of a --key-type: give it as well');
    if (key_type !== undefined && prefix !== undefined) throw usage('--prefix and --key-type exclude each other');
    if (key_type !== undefined) checkedParts(key_type.name, fields);
    const query = {
      ...Object.fromEntries(fields),
      ...(key_type !== undefined && { key_type: key_type.name }),
      ...(prefix !== undefined && { prefix }),
    };
    return listReport('keys', KEY_COLUMNS, await listAll(context, 'scan_keys', { name: 'keys', limit, after, query }));
  },
});

const KEY_COLUMNS = [
  field('KIND', 'kind'),
  { title: 'FIELDS', of: fieldsShown, may_be_cut: true },
  field('BYTES', 'value_bytes', { right: true }),
  field('KEY', 'key'),
];

/** `nereus key`. */
export const key: Noun = {
  name: 'key',
  summary: 'Keys of the store, to look at what it holds',
  commands: [decode, encode, get, scan],
};

function fieldsShown({ fields, chunk, unknown }: Readonly<Record<string, unknown>>): string {
  if (typeof unknown === 'string') return unknown;
  const shown = Object.entries(fields as Readonly<Record<string, string>>).map(([name, value]) => `${name}=${value}`);
  return [...shown, ...(chunk === undefined ? [] : [`chunk=${chunk}`])].join(' ');
}

function shownKey(hex: string, unicode: boolean): Report {
  const decoded = decodeKey(Buffer.from(hex, 'hex'));
  const known = 'problem' in decoded ? { unknown: decoded.problem } : { kind: decoded.name, fields: decoded.fields };
  const chunk = 'chunk' in decoded && decoded.chunk !== undefined ? { chunk: decoded.chunk.number } : {};
  const picture = drawKey(Buffer.from(hex), { unicode });
  if (picture === undefined) throw usage(`the bytes are no key: ${'problem' in decoded ? decoded.problem : ''}`);
  const lines = [picture.toString('utf8').trimEnd(), hex, ...('problem' in decoded ? [decoded.problem] : [])];
  return { json: { key: hex, ...known, ...chunk }, text: () => lines.join('\n') };
}

/** What `get_value` has printed: JSON for most kinds, and lines of text, some with JSON in them, for others. */
function shownValue(name: string, key: string, printed: string): Report {
  const also = new Set(name === 'MetaServiceEncryptionKey' ? ['key'] : []);
  const lines = printed.trimEnd();
  try {
    const value = maskJson(JSON.parse(lines), also);
    return { json: { key, key_type: name, value }, text: () => jsonText(value) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The kinds that are printed so, labels, statistics and bitmaps, have no room for secrets.
    return { json: { key, key_type: name, text: lines }, text: () => lines };
  }
}

function encoded(name: string, parts: readonly string[]): { key: string } {
  const { kind, parameters } = typeOf(name);
  const given = partsOf(parts);
  const fields = checkedParts(name, given);
  const missing = parameters.find((parameter) => !given.has(parameter.name));
  if (missing !== undefined) throw usage(`${missing.name}=VALUE is needed: ${partNames(name)} make a ${name}`);
  // All of its fields are there, of the types that it says.
  return { key: kind.encode(fields as Parameters<typeof kind.encode>[0]).toString('hex') };
}

function checkedParts(name: string, given: ReadonlyMap<string, string>) {
  const { parameters } = typeOf(name);
  for (const part of given.keys()) {
    if (parameters.some((parameter) => parameter.name === part)) continue;
    throw usage(`a ${name} has no part ${JSON.stringify(part)}; it has ${partNames(name)}`);
  }
  const read = readLeading(name, (parameter) => given.get(parameter) ?? '');
  if ('problem' in read) throw usage(read.problem);
  return read.fields;
}

function typeOf(name: string): KeyType {
  const type = keyTypes.get(name);
  if (type !== undefined) return type;
  const meant = nearest(name, keyTypes.keys());
  const hint = meant === undefined ? '; nereus key encode --help lists them' : `; did you mean ${meant}?`;
  throw usage(`there is no kind of key ${JSON.stringify(name)}${hint}`);
}

function partNames(name: string): string {
  const names = typeOf(name).parameters.map((parameter) => parameter.name);
  return names.length === 0 ? 'no parts' : names.join(', ');
}

function partsOf(given: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    given.map((part) => {
      const equals = part.indexOf('=');
      if (equals < 1 || equals === part.length - 1)
        throw usage(`a part of a key is NAME=VALUE; ${JSON.stringify(part)} is not`);
      return [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
}
