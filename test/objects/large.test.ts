import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LargeObjects } from '../../src/objects/large/large-objects.ts';
import { type LargeObjectStoreOptions, openLargeObjects } from '../../src/objects/large/open-large-objects.ts';
import type { AzureLocation, S3Location } from '../../src/objects/location.ts';
import { startAzureServer } from '../support/objects/azure-server.ts';
import { type FlakyProxy, startFlakyProxy } from '../support/objects/flaky-proxy.ts';
import { unlimited } from '../support/objects/limits.ts';
import { type S3Server, startS3Server } from '../support/objects/s3-server.ts';
import { OBJECT_SETTINGS } from '../support/objects/settings.ts';
import { newSeed, Random } from '../support/random.ts';
import { expectNoSecret } from './faults.ts';

const PART_BYTES = 100_000;

interface Place {
  readonly endpoint: string;
  location(bucket: string, more: object): S3Location | AzureLocation;
  readonly wrong: object;
  /** Whether it takes objects without a byte, at which the one for tests of the S3 family hangs. */
  readonly takes_empty: boolean;
  stop(): Promise<void>;
}

async function* inPieces(bytes: Buffer, random: Random): AsyncGenerator<Buffer, string> {
  for (let at = 0; at < bytes.length; ) {
    const count = 1 + random.int(80_000);
    yield bytes.subarray(at, at + count);
    at += count;
  }
  return 'all of it';
}

async function contentOf(objects: LargeObjects, key: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of objects.read(key)) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function namesIn(objects: LargeObjects): Promise<string[]> {
  const names: string[] = [];
  for await (const page of objects.list('')) names.push(...page.map(({ key }) => key));
  return names.sort();
}

const ignored = async () => undefined;

function suite(start: () => Promise<Place>): void {
  let place: Place;
  let proxy: FlakyProxy;
  let prefixes = 0;
  beforeAll(async () => {
    place = await start();
    proxy = await startFlakyProxy(new URL(place.endpoint).host);
  });
  afterAll(async () => {
    await proxy?.stop();
    await place?.stop();
  });

  function open(more: object = {}, options: Partial<LargeObjectStoreOptions> = {}, bucket = 'bucket'): LargeObjects {
    proxy.trouble = () => undefined;
    const location = place.location(bucket, { endpoint: `http://${proxy.address}`, prefix: `p${++prefixes}`, ...more });
    const common = { name: 'the bucket', settings: OBJECT_SETTINGS, limiters: unlimited(), part_bytes: PART_BYTES };
    return openLargeObjects(location, { ...common, ...options });
  }

  test('objects of any size are as they were written', async () => {
    const seed = newSeed();
    const random = new Random(seed);
    const objects = open();
    const sizes = [
      ...(place.takes_empty ? [0] : []),
      1,
      PART_BYTES - 1,
      PART_BYTES,
      PART_BYTES + 1,
      3 * PART_BYTES,
      437_219,
    ];
    for (const size of sizes) {
      const bytes = randomBytes(size);
      expect(await objects.upload(`of ${size}`, inPieces(bytes, random), ignored), `seed ${seed}`).toBe('all of it');
      expect((await contentOf(objects, `of ${size}`)).equals(bytes), `${size} bytes, seed ${seed}`).toBe(true);
    }
    expect(await namesIn(objects)).toEqual(sizes.map((size) => `of ${size}`).sort());
    await expect(objects.upload('of 1', inPieces(randomBytes(9), random), ignored)).rejects.toThrow(
      'the bucket: there is an object of 1 already',
    );
    await objects.delete('of 1');
    await objects.delete('of 1');
    expect(await namesIn(objects)).not.toContain('of 1');
  });

  test('nothing is seen of an object that is not whole', async () => {
    const objects = open();
    let seen: string[] = ['not looked'];
    async function* failing(): AsyncGenerator<Buffer, void> {
      for (let i = 0; i < 5; i++) yield Buffer.alloc(PART_BYTES, i);
      seen = await namesIn(objects);
      throw new Error('there is no more');
    }
    await expect(objects.upload('half', failing(), ignored)).rejects.toThrow('there is no more');
    expect(seen).toEqual([]);
    expect(await namesIn(objects)).toEqual([]);
  });

  test('faults that pass are borne, also when an answer is lost', async () => {
    const random = new Random(1);
    const bytes = randomBytes(3 * PART_BYTES + 5);
    const objects = open();
    const failed = new Set<string>();
    proxy.trouble = (_, { method, url }) => {
      const request = `${method} ${url}`;
      if (failed.has(request) || /uploads/.test(url ?? '')) return undefined;
      failed.add(request);
      // To complete an upload comes to be asked again when it is done already.
      return method === 'POST' || failed.size % 2 === 0 ? 'unanswered' : 'cut';
    };
    await objects.upload('borne', inPieces(bytes, random), ignored);
    expect((await contentOf(objects, 'borne')).equals(bytes)).toBe(true);
    expect(failed.size).toBeGreaterThan(5);
  });

  test.each(['missing', 'denied', 'unavailable'] as const)(
    '%s: the error names the place and no key',
    async (fault) => {
      const objects = open(fault === 'denied' ? place.wrong : {}, {}, fault === 'missing' ? 'nobucket' : 'bucket');
      if (fault === 'unavailable') proxy.trouble = (_, { method }) => (method === 'PUT' ? 'cut' : undefined);
      const error = await objects.upload('a', inPieces(Buffer.alloc(9), new Random(1)), ignored).catch((one) => one);
      expect([error.fault, error.message]).toEqual([fault, expect.stringMatching(/^the bucket: could not /)]);
      expectNoSecret(error, ['S3RVER', ...Object.values(place.wrong).map(String)]);
      const reading = await contentOf(objects, 'none').catch((one) => one);
      expect([reading.fault, reading.message]).toEqual([
        fault === 'unavailable' ? 'missing' : fault,
        expect.stringMatching(/^the bucket: could not read an object: /),
      ]);
    },
  );
}

describe('large objects of a bucket', () => {
  let server: S3Server;
  const wrong = { credentials: { kind: 'keys', ak: 'nobody-at-all', sk: 'the-secret-of-nobody' } as const };

  suite(async () => {
    server = await startS3Server('bucket');
    return { ...server, wrong, takes_empty: false };
  });

  test('leave no parts behind, whether they fail or are given up, or nobody is left to clean up', async () => {
    const proxy = await startFlakyProxy(new URL(server.endpoint).host);
    const ended = new AbortController();
    const location = server.location('bucket', { endpoint: `http://${proxy.address}`, prefix: 'left' });
    const options = { name: 'the bucket', settings: OBJECT_SETTINGS, limiters: unlimited(), part_bytes: PART_BYTES };
    const objects = openLargeObjects(location, { ...options, signal: ended.signal });
    const before = await server.uploads('bucket');
    proxy.trouble = (_, { url }) => (/partNumber=2/.test(url ?? '') ? 403 : undefined);
    const upload = () => objects.upload('x', inPieces(Buffer.alloc(5 * PART_BYTES), new Random(1)), ignored);
    await expect(upload()).rejects.toThrow('could not upload a part');
    expect(await server.uploads('bucket')).toBe(before);

    proxy.trouble = (_, { url }) => {
      if (!/partNumber=2/.test(url ?? '')) return undefined;
      ended.abort(new Error('the service stops'));
      return 'silence';
    };
    await expect(upload()).rejects.toThrow('the service stops');
    expect(await server.uploads('bucket')).toBe(before);

    const again = openLargeObjects(location, options);
    proxy.trouble = (_, { method }) => (method === 'DELETE' || method === 'PUT' ? 403 : undefined);
    let id = '';
    const noted = async (upload_id: string) => {
      id = upload_id;
    };
    const bytes = inPieces(Buffer.alloc(PART_BYTES), new Random(1));
    await expect(again.upload('x', bytes, noted)).rejects.toThrow('could not upload a part');
    expect(await server.uploads('bucket')).toBe(before + 1);
    proxy.trouble = () => undefined;
    await again.abandon('x', id);
    await again.abandon('x', id);
    expect(await server.uploads('bucket')).toBe(before);
    await proxy.stop();
  });
});

describe('large objects of a container', () => {
  suite(async () => {
    const server = await startAzureServer('bucket');
    return {
      ...server,
      wrong: { account_key: Buffer.from('the secret key of nobody').toString('base64') },
      takes_empty: true,
    };
  });
});
