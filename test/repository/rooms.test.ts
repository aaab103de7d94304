import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectFiles, ROOT, read } from './files.ts';

const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();

const allowed = readTable();
const forbidden = readRule();

test('every room of src/ stands in the table of docs/architecture.md', () => {
  expect([...allowed.keys()].sort()).toEqual(rooms);
});

describe.each(rooms)('src/%s', (room) => {
  const may = allowed.get(room) ?? [];

  test('the import rule of biome.json forbids what the table does not allow', () => {
    const others = rooms.filter((other) => other !== room && !may.includes(other));
    // Whatever may import every room needs no rule.
    const expected = others.length === 0 ? [] : [...others.map((other) => `**/${other}/**`), '**/main.ts'].sort();
    expect([...(forbidden.get(room) ?? [])].sort()).toEqual(expected);
  });

  test('imports only what the table allows', () => {
    const code = projectFiles().filter((path) => path.startsWith(`src/${room}/`) && path.endsWith('.ts'));
    const strays = code.flatMap((path) =>
      roomsImportedBy(path)
        .filter((other) => other !== room && !may.includes(other))
        .map((other) => `${path} imports ${other}`),
    );
    expect(strays).toEqual([]);
  });

  test('is imported by no room that it imports', () => {
    expect(may.filter((other) => allowed.get(other)?.includes(room))).toEqual([]);
  });
});

/** `| room | may import |`, as the page says it. */
function readTable(): Map<string, readonly string[]> {
  const rows = [...read('docs/architecture.md').matchAll(/^\| `(\w+)` \| (.+) \|$/gm)];
  return new Map(
    rows.map(([, room = '', cell = '']) => [
      room,
      cell === 'every room'
        ? rooms.filter((other) => other !== room)
        : [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
    ]),
  );
}

function readRule(): Map<string, readonly string[]> {
  const { overrides } = JSON.parse(read('biome.json'));
  return new Map(
    overrides.flatMap((override: Override) => {
      const { patterns = [] } = override.linter?.rules?.style?.noRestrictedImports?.options ?? {};
      const groups = patterns.flatMap(({ group }) => group);
      return override.includes.map((include) => [/^src\/(\w+)\/\*\*$/.exec(include)?.[1] ?? include, groups]);
    }),
  );
}

interface Override {
  readonly includes: readonly string[];
  readonly linter?: {
    readonly rules?: {
      readonly style?: {
        readonly noRestrictedImports?: {
          readonly options?: { readonly patterns?: readonly { readonly group: readonly string[] }[] };
        };
      };
    };
  };
}

function roomsImportedBy(path: string): string[] {
  const targets = [...read(path).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)];
  return targets.flatMap(([, target = '']) => {
    const [top, room] = join(path, '..', target).split('/');
    return top === 'src' && room !== undefined && !room.endsWith('.ts') ? [room] : [];
  });
}
