import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedStore } from '../../src/kv/embedded/store.ts';
import type { KeyValue } from '../../src/kv/store.ts';
import type { Preview } from '../../src/recycler/preview.ts';
import { storedPairs } from '../support/fuzz/stored-pairs.ts';
import { type S3Place, s3Place } from '../support/recycler/places.ts';
import { hex, knownKey, Plan } from '../support/recycler/plan.ts';
import { callRecycler } from '../support/recycler/recycler-calls.ts';
import { storedKeys } from '../support/recycler/stored-keys.ts';
import { StoryWorld } from '../support/recycler/story-world.ts';
import { makeDir } from '../support/run-server.ts';

const DRY = ['--recycler-sleep-before-scheduling-seconds', '0', '--recycle-interval-seconds', '1', '--dry-run'];

let place: S3Place;
let world: StoryWorld;
beforeEach(async () => {
  place = await s3Place();
  world = new StoryWorld(place, await makeDir());
});
afterEach(async () => {
  await world.dispose();
  await place.stop();
});

async function pairsIn(dir: string): Promise<KeyValue[]> {
  const store = await openEmbeddedStore({ dir, exclusive: true });
  try {
    return await storedPairs(store);
  } finally {
    await store.close();
  }
}

const shown = (pairs: readonly KeyValue[]) => pairs.map(({ key, value }) => `${hex(key)} ${hex(value)}`);

const shownKey = (key: string) => {
  const { kind, fields } = knownKey(Buffer.from(key, 'hex'));
  return [kind, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)].join(' ');
};

async function previewOf(instance_id: string): Promise<Preview> {
  const query = { dry_run: 'true', limit: '100000' };
  const { text } = await callRecycler(await world.base(), 'recycle_instance', query, { instance_ids: [instance_id] });
  return JSON.parse(text).instances[0];
}

interface LogLine {
  readonly msg: string;
  readonly instance_id: string;
  readonly [field: string]: unknown;
}

function logged(msg: string, instance_id: string): LogLine[] {
  const lines = world
    .output()
    .split('\n')
    .filter((line) => line.endsWith('}'));
  return lines
    .map((line): LogLine => JSON.parse(line))
    .filter((line) => line.msg === msg && line.instance_id === instance_id);
}

/** Waits for the end of a dry round over an instance that began by itself. */
async function dryRound(instance_id: string): Promise<LogLine> {
  for (;;) {
    const [line] = logged('a dry run is through', instance_id);
    if (line) return line;
    await sleep(20);
  }
}

test('--dry-run touches nothing, and says exactly what would go, and why', { timeout: 300_000 }, async () => {
  const told = await world.create('told');
  await world.tell(told);
  await world.tellOfStages('told');
  const gone = await world.create('gone');
  await gone.createTables();
  for (const table of gone.tables) await gone.load(table);
  await world.drop('gone');

  const before = await world.between(pairsIn, DRY);
  const objects = await place.objects();
  const ends = { told: await dryRound('told'), gone: await dryRound('gone') };
  const previews = { told: await previewOf('told'), gone: await previewOf('gone') };
  const log = logged('would go', 'told').map(({ sweep, what, why }) => JSON.stringify([sweep, what, why]));
  const after = await world.between(pairsIn);

  expect(shown(after)).toEqual(shown(before));
  expect(await place.objects()).toEqual(objects);

  // What the log says of rounds that began by themselves, a call says too.
  const planned = previews.told.planned.map(({ sweep, what, why }) => JSON.stringify([sweep, what, why]));
  expect(ends.told.would_go).toEqual(previews.told.would_go_by_sweep);
  expect(ends.gone.would_go).toEqual(previews.gone.would_go_by_sweep);
  expect(previews.told.would_go).toBe(planned.length);
  expect(log.length).toBeGreaterThanOrEqual(Math.min(100, planned.length));
  for (const line of log) expect(planned).toContain(line);
  expect(previews.told.planned.filter(({ why }) => why === '')).toEqual([]);

  // All of it goes, and nothing that has nothing to do with it.
  const plan = new Plan(previews.told.planned, before);
  const job = await world.round('told');
  expect(job?.round?.state).toBe('succeeded');
  const now = await world.between(async (dir) => ({ pairs: await pairsIn(dir), keys: await storedKeys(dir) }));
  const left = new Set(now.pairs.map(({ key }) => hex(key)));
  const lines = now.keys.get('told') ?? [];
  expect(world.liveKeys('told').filter((line) => !lines.includes(line))).toEqual([]);
  const left_objects = new Set(await place.keys());
  expect([...plan.keys].filter((key) => left.has(key))).toEqual([]);
  expect([...plan.objects].filter((key) => left_objects.has(key))).toEqual([]);
  const vanished = before.map(({ key }) => hex(key)).filter((key) => !left.has(key));
  expect(vanished.length).toBeGreaterThan(plan.keys.size);
  expect(vanished.filter((key) => !plan.explainsKey(key)).map(shownKey)).toEqual([]);
  const vanished_objects = objects.map(({ key }) => key).filter((key) => !left_objects.has(key));
  expect(vanished_objects.filter((key) => !plan.explainsObject(key))).toEqual([]);
  expect([...world.objectsOf('told'), ...world.objectsOf('gone')].filter((key) => !left_objects.has(key))).toEqual([]);

  // Of a dropped instance everything goes, and its places are named.
  const [first, ...named] = previews.gone.planned;
  expect(first).toMatchObject({ why: 'its instance was dropped' });
  expect(first?.what).toMatch(/^vault 1 \(s3:\/\/bucket\/data-of-gone\): all objects$/);
  const of_gone = before.filter(({ key }) => knownKey(key).fields.instance_id === 'gone').map(({ key }) => hex(key));
  expect(named.map(({ what }) => what).sort()).toEqual(of_gone.sort());
});
