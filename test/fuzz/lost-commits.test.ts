import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ENDPOINTS } from '../support/fuzz/endpoints.ts';
import { hashOfPairs, versionOf } from '../support/fuzz/stored-pairs.ts';
import { openTwin, type Twin, type TwinCall } from '../support/fuzz/twin.ts';
import { foundations, newWorld, type World } from '../support/fuzz/world.ts';
import { type Fate, losingStore } from '../support/kv/losing-store.ts';
import { newSeed, Random } from '../support/random.ts';

const FATES: readonly Fate[] = ['made', 'not made', 'answered'];
/** How often the requests are sent, each time about instances and transactions of their own. */
const WORLDS = 3;
/** What an instance does not outlive. */
const LAST = new Set(['http/drop_instance', 'http/set_instance_status', 'alter_instance']);

let undisturbed: Twin;
let random: Random;
beforeEach(async () => {
  // Two services are asked the same one after the other, and what they store must not differ by the time.
  vi.spyOn(Date, 'now').mockReturnValue(1_700_000_000_000);
  random = new Random(newSeed());
  undisturbed = await openTwin((store) => store);
});
afterEach(async () => {
  await undisturbed.dispose();
  vi.restoreAllMocks();
});

/** A twin whose commits get lost, and its store as it sees it. */
async function openDisturbed(options?: Parameters<typeof losingStore>[2]) {
  const lost: Lost = {};
  let path = '';
  const fateOf = () => {
    const fates = lost[path] ?? [];
    lost[path] = fates;
    const fate = FATES[fates.length % FATES.length] ?? 'answered';
    fates.push(fate);
    return fate;
  };
  const twin = await openTwin((store) => losingStore(store, fateOf, { unfenced: true, ...options }));
  const call = (called: TwinCall) => {
    path = called.path;
    return twin.call(called);
  };
  return { twin: { ...twin, call }, lost };
}

/** What became of the commits of each endpoint. */
type Lost = Record<string, Fate[]>;

/** The answer of the undisturbed twin, and where the disturbed one differs after the same call: in its answer or in what it stores. */
async function ask(disturbed: Twin, call: TwinCall): Promise<{ readonly answer: string; readonly problem?: string }> {
  const before = await versionOf(undisturbed.store);
  const answer = await undisturbed.call(call);
  const other = await disturbed.call(call);
  const shown = `${call.path} ${JSON.stringify(call.body ?? call.query)}`;
  if (other !== answer) return { answer, problem: `${shown}: answers ${other} instead of ${answer}` };
  const [version, otherVersion] = [await versionOf(undisturbed.store), await versionOf(disturbed.store)];
  if (version === before && otherVersion === before) return { answer };
  const is_same = (await hashOfPairs(undisturbed.store)) === (await hashOfPairs(disturbed.store));
  return is_same ? { answer } : { answer, problem: `${shown}: stores something else, and answers ${answer}` };
}

/** Calls both with what a world starts with, and returns where they differ. */
async function plant(disturbed: Twin, world: World): Promise<string[]> {
  const problems: string[] = [];
  for (const [path, body] of foundations(world)) {
    const { answer, problem } = await ask(disturbed, { path, body });
    const txnId = /"txn_id":(\d+)/.exec(answer)?.[1];
    if (txnId !== undefined) world.txnIds.push(txnId);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

/** All requests of all endpoints, in any order. */
function callsOf(world: World): TwinCall[] {
  const calls = ENDPOINTS.flatMap(({ path, bodies, queries, request }): readonly TwinCall[] =>
    request === undefined
      ? queries(world).map((query) => ({ path, query }))
      : bodies(world).map((body) => ({ path, body })),
  );
  return calls
    .map((call) => ({ call, place: random.int(2 ** 30) + (LAST.has(call.path) ? 2 ** 30 : 0) }))
    .sort((a, b) => a.place - b.place)
    .map(({ call }) => call);
}

describe('where the answers to commits get lost, and commits themselves,', () => {
  test('every endpoint answers and stores what it would otherwise', async () => {
    const { twin, lost } = await openDisturbed();
    try {
      for (let i = 0; i < WORLDS; i++) {
        const world = newWorld(random.fork(`secrets${i}`), `g${i}`);
        expect(await plant(twin, world)).toEqual([]);
        for (const call of callsOf(world)) expect((await ask(twin, call)).problem).toBeUndefined();
      }
      const lostBothWays = Object.values(lost).filter((fates) => fates.includes('made') && fates.includes('not made'));
      expect(lostBothWays.length).toBeGreaterThan(30);
    } finally {
      await twin.dispose();
    }
  });

  test('work that is run again whatever became of its commit is found out', async () => {
    const { twin } = await openDisturbed({ blind: true });
    try {
      expect((await plant(twin, newWorld(random.fork('secrets'), 'g'))).length).toBeGreaterThan(0);
    } finally {
      await twin.dispose();
    }
  });
});
