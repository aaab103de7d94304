import type { ObjectStore, StoredObject } from '../../../src/objects/object-store.ts';
import { segmentPath, TABLETS_PREFIX, tabletPrefix } from '../../../src/recycler/data-paths.ts';

export interface EndlessOptions {
  readonly tablets: number;
  readonly rowsets: number;
  readonly segments: number;
  /** The id of a rowset of a tablet, by its number from 0. */
  readonly idOf: (tablet: number, rowset: number) => string;
}

const PAGE_OBJECTS = 1000;

/** A place with more objects than a test could hold: they are made up as they are listed, and can't be changed. */
export function endlessStore({ tablets, rowsets, segments, idOf }: EndlessOptions): ObjectStore {
  function* objectsOf(tablet: number): Generator<StoredObject> {
    for (let rowset = 0; rowset < rowsets; rowset++) {
      const name = { tablet_id: BigInt(tablet), rowset_id: idOf(tablet, rowset) };
      for (let segment = 0; segment < segments; segment++) {
        yield { key: segmentPath(name, segment), size_bytes: 1, modified_ms: 0 };
      }
    }
  }

  function* below(prefix: string): Generator<StoredObject> {
    for (let tablet = 1; tablet <= tablets; tablet++) {
      if (prefix === TABLETS_PREFIX || prefix === tabletPrefix(BigInt(tablet))) yield* objectsOf(tablet);
    }
  }

  const refuse = () => Promise.reject(new Error('nothing here can be changed'));
  return {
    name: 'endless',
    exists: () => Promise.resolve(true),
    async *list(prefix) {
      let page: StoredObject[] = [];
      for (const object of below(prefix)) {
        page.push(object);
        if (page.length < PAGE_OBJECTS) continue;
        yield page;
        page = [];
        // As with a real place, others get their turn between two pages.
        await new Promise(setImmediate);
      }
      if (page.length > 0) yield page;
    },
    put: refuse,
    delete: refuse,
    deletePrefix: refuse,
    close: () => undefined,
  };
}
