/**
 * JSON that can be changed in ways that no JSON value can be: with a field given twice, and with words in the place of
 * values that are none.
 */
export type JsonTree =
  | { readonly kind: 'object'; readonly entries: [key: string, value: JsonTree][] }
  | { readonly kind: 'array'; readonly items: JsonTree[] }
  | { readonly kind: 'word'; readonly text: string };

export function word(text: string): JsonTree {
  return { kind: 'word', text };
}

export function treeOf(value: unknown): JsonTree {
  if (Array.isArray(value)) return { kind: 'array', items: value.map(treeOf) };
  if (typeof value !== 'object' || value === null) return word(JSON.stringify(value));
  const entries = Object.entries(value).map(([key, inner]): [string, JsonTree] => [key, treeOf(inner)]);
  return { kind: 'object', entries };
}

export function treeText(tree: JsonTree): string {
  switch (tree.kind) {
    case 'word':
      return tree.text;
    case 'array':
      return `[${tree.items.map(treeText).join(',')}]`;
    case 'object':
      return `{${tree.entries.map(([key, value]) => `${JSON.stringify(key)}:${treeText(value)}`).join(',')}}`;
  }
}

/** A place in a tree where a value stands, with the key that leads to it. */
export interface Place {
  readonly key: string;
  get(): JsonTree;
  set(value: JsonTree): void;
  /** Puts `value` beside what stands there, under the same key in an object. */
  addBeside(value: JsonTree): void;
  remove(): void;
  rename(key: string): void;
}

/** Every place of a tree but its root. */
export function placesOf(tree: JsonTree, key = ''): Place[] {
  if (tree.kind === 'word') return [];
  if (tree.kind === 'array') {
    return tree.items.flatMap((item, at) => [placeOfItem(tree.items, at, item, key), ...placesOf(item, key)]);
  }
  return tree.entries.flatMap((entry) => [placeOfEntry(tree.entries, entry), ...placesOf(entry[1], entry[0])]);
}

function placeOfItem(items: JsonTree[], at: number, item: JsonTree, key: string): Place {
  return {
    key,
    get: () => items[at] ?? item,
    set(value) {
      items[at] = value;
    },
    addBeside(value) {
      items.splice(at, 0, value);
    },
    remove() {
      items.splice(at, 1);
    },
    rename: () => undefined,
  };
}

function placeOfEntry(entries: [string, JsonTree][], entry: [string, JsonTree]): Place {
  return {
    key: entry[0],
    get: () => entry[1],
    set(value) {
      entry[1] = value;
    },
    addBeside(value) {
      entries.push([entry[0], value]);
    },
    remove() {
      entries.splice(entries.indexOf(entry), 1);
    },
    rename(key) {
      entry[0] = key;
    },
  };
}
