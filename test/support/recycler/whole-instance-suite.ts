import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeDir } from '../run-server.ts';
import type { Place } from './places.ts';
import { StoryWorld } from './story-world.ts';

/** Far longer than it takes, since it starts servers, and machines may be busy. */
const MOST_MS = 300_000;

/** The life of instances in one kind of object storage, told by real processes from the first load to the end. */
export function wholeInstanceSuite(name: string, startPlace: () => Promise<Place>): void {
  describe(`on ${name}`, () => {
    let place: Place;
    let world: StoryWorld;
    beforeEach(async () => {
      place = await startPlace();
      world = new StoryWorld(place, await makeDir());
    });
    afterEach(async () => {
      await world.dispose();
      await place.stop();
    });

    test(
      'exactly what is live stays, and nothing of an instance that was dropped',
      async () => {
        const told = await world.create('told');
        const neighbour = await world.create('neighbour');
        await neighbour.createTables();
        for (const table of neighbour.tables) await neighbour.load(table);

        await world.tell(told);
        const before = await place.keys();
        const stages = place.has_stages ? await world.tellOfStages('told') : [];
        await world.recycle('told');

        expect(before.length).toBeGreaterThan(2 * told.objects().length);
        expect(await place.keys()).toEqual(
          [...world.objectsOf('told'), ...stages, ...world.objectsOf('neighbour')].sort(),
        );
        for (const { tablets } of told.tables) {
          for (const tablet of tablets) {
            expect(await told.visibleRowsets(tablet)).toEqual(tablet.rowsets.map(({ rowset_id }) => rowset_id));
          }
        }
        const keys = await world.keys();
        expect(keys.get('told')).toEqual(world.liveKeys('told'));

        await world.drop('told');
        await world.recycle('told', { gone: true });

        expect(await place.keys()).toEqual(world.objectsOf('neighbour'));
        const left = await world.keys();
        expect(left.get('told')).toBeUndefined();
        expect(left.get('neighbour')).toEqual(keys.get('neighbour'));
      },
      MOST_MS,
    );
  });
}
