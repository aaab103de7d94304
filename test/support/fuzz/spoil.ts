import type { DescMessage } from '@bufbuild/protobuf';
import { type FieldPlan, planOf, type ValuePlan } from '../../../src/schema/message-plan.ts';

/** A request that is as another but for one field. */
export interface SpoiltRequest {
  /** Which field, and what stands there. */
  readonly what: string;
  readonly body: string;
}

type Path = readonly (string | number)[];

/**
 * The request with each of its fields, at every depth, in turn left out and filled with what does not belong there, and
 * with each field that it lacks in turn given.
 */
export function* spoiltRequests(schema: DescMessage, body: object): Generator<SpoiltRequest> {
  for (const { path, words } of placesOf(schema, body, [])) {
    for (const word of words) {
      const shown = word.length > 100 ? `${word.slice(0, 100)}...` : word;
      yield { what: `${path.join('.')} = ${shown === '' ? 'nothing' : shown}`, body: withWord(body, path, word) };
    }
  }
}

/** A field and the JSON words to put there; an empty one leaves it out. */
interface SpoiltPlace {
  readonly path: Path;
  readonly words: readonly string[];
}

function* placesOf(schema: DescMessage, body: object, before: Path): Generator<SpoiltPlace> {
  const given = body as Readonly<Record<string, unknown>>;
  for (const field of planOf(schema).fields) {
    const path = [...before, field.name];
    const value = given[field.name];
    if (value === undefined) {
      yield { path, words: wordsWhereNone(field) };
      continue;
    }
    yield { path, words: ['', 'null', ...wordsInPlaceOf(field, value)] };
    yield* placesWithin(field, value, path);
  }
}

function* placesWithin({ shape, value: plan }: FieldPlan, value: unknown, path: Path): Generator<SpoiltPlace> {
  if (shape === 'map') return;
  const elements: readonly (readonly [unknown, Path])[] =
    shape === 'list' ? asList(value).map((element, i) => [element, [...path, i]] as const) : [[value, path] as const];
  for (const [element, at] of elements.slice(0, MOST_ELEMENTS)) {
    if (shape === 'list') yield { path: at, words: wordsFor(plan) };
    if (plan.kind === 'message' && typeof element === 'object' && element !== null) {
      yield* placesOf(plan.schema, element, at);
    }
  }
}

/** Elements of a list are alike: the first ones stand for all. */
const MOST_ELEMENTS = 2;

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function wordsInPlaceOf({ shape, value: plan }: FieldPlan, value: unknown): readonly string[] {
  if (shape === 'single') return wordsFor(plan);
  const twice = Array.isArray(value) ? [JSON.stringify([...value, ...value])] : [];
  return ['[]', '{}', '7', '"x"', '[null]', '[{}]', '[[]]', ...twice];
}

const HIGHEST = '9223372036854775807';
const UNKNOWN_ID = '987654321';
const NUMBERS = ['0', '-1', '1', UNKNOWN_ID, HIGHEST, '-9223372036854775808', '9223372036854775808', '2147483648'];
const TEXTS = [
  '""',
  '"no such thing"',
  '"a\\u0000b"',
  '"__proto__"',
  '"1:::"',
  '"-1"',
  JSON.stringify('x'.repeat(3_000)),
];
const OTHER_KINDS = ['{}', '[]', '[[]]'];

function wordsFor(plan: ValuePlan): readonly string[] {
  if (plan.kind === 'message') return ['{}', '[]', '7', '"x"', 'null'];
  if (plan.kind === 'enum') {
    const names = [...plan.enum.byName.keys()].map((name) => JSON.stringify(name));
    return [...names, '0', '-1', '99', '"NO_SUCH_NAME"', ...OTHER_KINDS];
  }
  switch (plan.scalar) {
    case 'string':
      return [...TEXTS, '7', 'true', ...OTHER_KINDS];
    case 'bytes':
      return ['""', '"AAECAw=="', '"!"', '7', ...OTHER_KINDS];
    case 'bool':
      return ['true', 'false', '0', '"x"', ...OTHER_KINDS];
    default:
      return [...NUMBERS, '1.5', '"word"', '"7"', 'true', ...OTHER_KINDS];
  }
}

/** What to put into a field that the request does without. */
function wordsWhereNone({ shape, value: plan }: FieldPlan): readonly string[] {
  const one = wordWhereNone(plan);
  if (shape === 'single') return plan.kind === 'scalar' && one === '-1' ? [one, HIGHEST] : [one];
  return shape === 'map' ? ['{"a":"b"}'] : [`[${one}]`, `[${one},${one}]`];
}

function wordWhereNone(plan: ValuePlan): string {
  if (plan.kind === 'message') return '{}';
  if (plan.kind === 'enum') return JSON.stringify([...plan.enum.byName.keys()].at(-1));
  if (plan.scalar === 'string') return '"x"';
  if (plan.scalar === 'bytes') return '"AAECAw=="';
  return plan.scalar === 'bool' ? 'true' : '-1';
}

const HOLE = 'the place that is filled';

function withWord(body: object, path: Path, word: string): string {
  const copy = structuredClone(body);
  let parent = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string | number, unknown>;
  const last = path[path.length - 1] ?? '';
  if (word !== '') parent[last] = HOLE;
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else delete parent[last];
  return JSON.stringify(copy).replace(JSON.stringify(HOLE), () => word);
}
