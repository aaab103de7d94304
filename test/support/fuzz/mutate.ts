import type { Random } from '../random.ts';
import { type JsonTree, type Place, placesOf, treeOf, treeText, word } from './json-tree.ts';
import { oddWord } from './odd-values.ts';
import { isSecretKey } from './secrets.ts';

/** What else a field may be called: unknown names, other spellings, names that every object of JavaScript has. */
const ODD_KEYS = ['', 'no_such_field', '__proto__', 'constructor', 'toString', 'status', 'op', 'CLUSTER', 'cluster '];

type Mutation = (random: Random, place: Place, places: readonly Place[]) => void;

const TREE_MUTATIONS: readonly (readonly [weight: number, Mutation])[] = [
  [30, (random, place) => place.set(word(oddWord(random)))],
  [12, (_random, place) => place.remove()],
  [8, (random, place) => place.addBeside(word(oddWord(random)))],
  [6, (_random, place) => place.addBeside(copy(place.get()))],
  [6, (random, place, places) => swap(place, random.pick(places))],
  [6, (random, place) => place.rename(random.pick(ODD_KEYS))],
  [4, (_random, place) => place.rename(camelCase(place.key))],
  [4, (_random, place) => place.set({ kind: 'array', items: [place.get(), copy(place.get())] })],
  [3, (_random, place) => place.set({ kind: 'object', entries: [[place.key, place.get()]] })],
  [3, (random, place) => repeat(place, random.pick([3, 20, 200]))],
];

/** The JSON of a request, changed in one to four places. */
export function mutateJson(random: Random, value: unknown): string {
  const tree = treeOf(value);
  for (let left = 1 + random.int(4); left > 0; left--) {
    const places = placesOf(tree);
    if (places.length === 0) break;
    random.weighted(TREE_MUTATIONS)(random, random.pick(places), places);
  }
  return treeText(tree);
}

/** Secrets stay in fields that hold secrets, so that a secret that comes back elsewhere was leaked by the service. */
function swap(one: Place, other: Place): void {
  const [first, second] = [one.get(), other.get()];
  if (isSecretKey(one.key) || isSecretKey(other.key) || first.kind !== 'word' || second.kind !== 'word') return;
  one.set(second);
  other.set(first);
}

function repeat(place: Place, times: number): void {
  const items = Array.from({ length: times }, () => copy(place.get()));
  place.set({ kind: 'array', items });
}

function copy(tree: JsonTree): JsonTree {
  if (tree.kind === 'word') return tree;
  if (tree.kind === 'array') return { kind: 'array', items: tree.items.map(copy) };
  return { kind: 'object', entries: tree.entries.map(([key, value]) => [key, copy(value)]) };
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_whole, letter: string) => letter.toUpperCase());
}

const ODD_BYTES = [0x00, 0x0a, 0x22, 0x27, 0x2c, 0x2f, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x80, 0xc0, 0xed, 0xff];

/** Bytes with a few of them flipped, cut out, put in, or given twice. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let result = Buffer.from(bytes);
  for (let left = 1 + random.int(3); left > 0; left--) {
    const at = random.int(result.length + 1);
    const length = random.int(1 + Math.min(40, result.length - at));
    const [before, piece, after] = [
      result.subarray(0, at),
      result.subarray(at, at + length),
      result.subarray(at + length),
    ];
    result = random.weighted([
      [30, () => Buffer.concat([before, flipped(random, piece), after])],
      [20, () => Buffer.concat([before, Buffer.from([random.pick(ODD_BYTES)]), piece, after])],
      [20, () => Buffer.concat([before, after])],
      [15, () => Buffer.concat([before, piece, piece, after])],
      [10, () => Buffer.from(before)],
      [5, () => Buffer.concat([after, before])],
    ])();
  }
  return result;
}

function flipped(random: Random, piece: Buffer): Buffer {
  const result = Buffer.from(piece);
  if (result.length > 0) {
    const at = random.int(result.length);
    result[at] = (result[at] ?? 0) ^ (1 << random.int(8));
  }
  return result;
}

export function randomBytes(random: Random): Buffer {
  return Buffer.from(Array.from({ length: random.pick([0, 1, 3, 20, 300]) }, () => random.int(256)));
}
