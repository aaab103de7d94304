import { keyTypes } from '../../keys/key-types.ts';
import type { HttpAnswer } from '../http-types.ts';
import { decodeKeyTool, encodeKeyTool, getValueTool } from '../key-tools.ts';
import { pageParameters } from '../listing/page.ts';
import { scanKeys } from '../listing/scan-keys.ts';
import { type AdminOperation, type Parameter, STATUS } from '../operation.ts';
import { jsonReply } from '../reply.ts';

const topic = 'keys';

/** A part of more kinds of keys than these is told to be one of most. */
const MOST_NAMED = 12;

const UNICODE: Parameter = {
  name: 'unicode',
  about: 'Whether the picture is drawn with lines, or with plain ASCII.',
  type: 'boolean',
};

export const keyOperations = {
  decode_key: {
    topic,
    verb: 'GET',
    about: 'Draws what a key says, part by part.',
    parameters: [{ name: 'key', about: 'The key in hex.', required: true, raw: true }, UNICODE],
    shown: { kind: 'text' },
    answer: ({ query }) => decodeKeyTool(query),
  },
  encode_key: {
    topic,
    verb: 'GET',
    about: 'Makes a key from its kind and its parts, and draws it.',
    parameters: [keyType(true), ...partsOfKeys(true), UNICODE],
    shown: { kind: 'text' },
    answer: ({ query }) => encodeKeyTool(query),
  },
  get_value: {
    topic,
    verb: 'GET',
    about: 'Shows what is stored at a key, which is given by its kind and its parts, or by its kind and in hex.',
    parameters: [
      keyType(true),
      { name: 'key', about: 'The key in hex, in place of its parts.', raw: true },
      ...partsOfKeys(true),
    ],
    shown: { kind: 'text' },
    answer: ({ query, store }) => getValueTool(store, query),
  },
  scan_keys: {
    topic,
    verb: 'GET',
    about: 'Lists the keys that begin with some bytes, or with the first parts of a kind of key, without their values.',
    parameters: [
      { name: 'prefix', about: 'The bytes in hex; without them and without key_type, all keys.' },
      keyType(false),
      ...partsOfKeys(false),
      ...pageParameters('The key in hex behind which the page begins: `next_after` of the page before.'),
    ],
    shown: { kind: 'object' },
    answer: scanKeys,
  },
  show_meta_ranges: {
    topic,
    verb: 'GET',
    about: 'Is always refused: it shows how a FoundationDB cluster spreads its keys, which only Doris asks it.',
    shown: STATUS,
    answer: showMetaRanges,
  },
} satisfies Readonly<Record<string, AdminOperation>>;

function keyType(required: boolean): Parameter {
  return { name: 'key_type', about: 'The kind of the key.', type: [...keyTypes.keys()], required };
}

/** The parameters of all kinds of keys, each once, with the kinds that take it. */
function partsOfKeys(raw: boolean): Parameter[] {
  const kinds = new Map<string, { type: Parameter['type']; of: string[] }>();
  for (const { name: kind, parameters } of keyTypes.values()) {
    for (const { name, type } of parameters) {
      const known = kinds.get(name) ?? { type: type === 'int64' ? ('integer' as const) : undefined, of: [] };
      kinds.set(name, { ...known, of: [...known.of, kind] });
    }
  }
  return [...kinds].map(([name, { type, of }]) => ({
    ...{ name, about: of.length > MOST_NAMED ? 'A part of most keys.' : `A part of ${of.join(', ')}.`, raw },
    ...(type && { type }),
  }));
}

function showMetaRanges(): HttpAnswer {
  return jsonReply('INVALID_ARGUMENT', 'this method only support fdb txn kv');
}
