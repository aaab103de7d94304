import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { ObjectStoreError } from '../../src/objects/object-store-error.ts';
import type { ObjectStoreOptions } from '../../src/objects/options.ts';
import { RateLimiters } from '../../src/objects/rate-limiters.ts';
import { loggerTo } from '../support/logger-to.ts';
import { type FlakyProxy, startFlakyProxy } from '../support/objects/flaky-proxy.ts';
import { unlimited } from '../support/objects/limits.ts';
import { OBJECT_SETTINGS } from '../support/objects/settings.ts';
import { keysOf, listed, putAll } from './contract.ts';

/** A place on a server, to be reached in the right way and in wrong ones. */
export interface ServerPlace {
  /** `HOST:PORT` of the server. */
  readonly address: string;
  open(way: Way, options: ObjectStoreOptions): ObjectStore;
  /** What must never be seen. */
  readonly secrets: readonly string[];
  stop(): Promise<void>;
}

export interface Way {
  readonly address: string;
  /** Whether the bucket that is asked for is not there. */
  readonly missing?: boolean;
  /** Whether the credentials are those of nobody. */
  readonly wrong_credentials?: boolean;
}

/** How every kind of place on a server must bear with faults. */
export function faultContract(start: () => Promise<ServerPlace>, { has_buckets = true } = {}): void {
  let place: ServerPlace;
  let proxy: FlakyProxy;
  beforeAll(async () => {
    place = await start();
    proxy = await startFlakyProxy(place.address);
  });
  afterAll(async () => {
    await proxy?.stop();
    await place?.stop();
  });

  function open(way: Partial<Way> = {}, options: Partial<ObjectStoreOptions> = {}): ObjectStore {
    const common = { name: 'vault 1', limiters: unlimited(), settings: OBJECT_SETTINGS };
    return place.open({ address: place.address, ...way }, { ...common, ...options });
  }

  async function everyCallFails(store: ObjectStore, fault: string, message: RegExp): Promise<void> {
    const calls = [
      store.put('a', Buffer.from('x')),
      store.exists('a'),
      listed(store, ''),
      store.delete(['a']),
      store.deletePrefix('a/'),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      const error = outcome.status === 'rejected' ? outcome.reason : undefined;
      expect(error).toBeInstanceOf(ObjectStoreError);
      expect([error.fault, error.message]).toEqual([fault, expect.stringMatching(message)]);
      expect(error.message).toMatch(/^vault 1: could not (put|look for|list|delete|count) /);
      expectNoSecret(error, place.secrets);
    }
  }

  test('credentials that are not taken', async () => {
    await everyCallFails(open({ wrong_credentials: true }), 'denied', /403|AccessControlException/);
  });

  if (has_buckets) {
    test('a bucket that is not there', async () => {
      await everyCallFails(open({ missing: true }), 'missing', /NoSuchBucket|ContainerNotFound/);
    });
  }

  test('a server that is not there', async () => {
    const settings = { ...OBJECT_SETTINGS, max_s3_client_retry: 1 };
    await everyCallFails(
      open({ address: `127.0.0.1:${await closedPort()}` }, { settings }),
      'unavailable',
      /ECONNREFUSED/,
    );
  });

  test('a server that never answers', async () => {
    proxy.trouble = () => 'silence';
    const settings = { ...OBJECT_SETTINGS, max_s3_client_retry: 1, object_request_timeout_ms: 50 };
    const store = open({ address: proxy.address }, { settings });
    await everyCallFails(store, 'unavailable', /there was no answer within 50 ms/);
  });

  test('faults that pass', async () => {
    const failures = new Map<string, number>();
    proxy.trouble = (before, { method, url, headers }) => {
      const request = `${method} ${url} ${headers['content-length']}`;
      const failed = failures.get(request) ?? 0;
      failures.set(request, failed + 1);
      if (failed >= 2) return undefined;
      return before % 2 === 0 ? 503 : 'cut';
    };
    const store = open({ address: proxy.address });
    await putAll(store, ['flaky/a', 'flaky/b', 'flaky/c']);
    expect(await keysOf(store, 'flaky/')).toEqual(['flaky/a', 'flaky/b', 'flaky/c']);
    expect(await store.exists('flaky/b')).toBe(true);
    await store.delete(['flaky/a', 'flaky/b']);
    expect(await store.deletePrefix('flaky/')).toEqual({ objects: 1, bytes: 1 });

    proxy.trouble = (before) => (before % 2 === 0 ? 503 : 'cut');
    await everyCallFails(store, 'unavailable', /./);
  });

  test('whoever uses it has to end', async () => {
    proxy.trouble = () => 'silence';
    const controller = new AbortController();
    const store = open({ address: proxy.address }, { signal: controller.signal });
    const reason = new Error('the process ends');
    const calls = [store.put('a', Buffer.from('x')), store.exists('a'), store.deletePrefix('a/'), listed(store, '')];
    const outcomes = Promise.allSettled(calls);
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort(reason);
    expect(await outcomes).toEqual(calls.map(() => ({ status: 'rejected', reason })));
    const before = proxy.requests;
    await expect(store.exists('a')).rejects.toBe(reason);
    expect(proxy.requests).toBe(before);
  });

  describe('limits of requests', () => {
    const LIMITS = {
      enable_s3_rate_limiter: true,
      s3_get_bucket_tokens: 1000,
      s3_get_token_per_second: 1000,
      s3_get_token_limit: 0,
      s3_put_bucket_tokens: 1000,
      s3_put_token_per_second: 1000,
      s3_put_token_limit: 2,
    };

    test('hold for what writes apart from what reads, until they are set anew', async () => {
      const limiters = new RateLimiters(LIMITS);
      const store = open({}, { limiters });
      await putAll(store, ['limited/a', 'limited/b']);
      const refused = store.put('limited/c', Buffer.from('x'));
      await expect(refused).rejects.toThrow(
        /^vault 1: could not put an object: all 2 requests that a rate limit allows are used up$/,
      );
      await expect(store.delete(['limited/a', 'limited/b'])).rejects.toMatchObject({ fault: 'unavailable' });
      expect(await keysOf(store, 'limited/')).toEqual(['limited/a', 'limited/b']);
      limiters.adjust('put', { token_limit: 100 });
      expect(await store.deletePrefix('limited/')).toEqual({ objects: 2, bytes: 2 });
    });
  });
}

/** Looks at an error in every way in which somebody may print it. */
export function expectNoSecret(error: unknown, secrets: readonly string[]): void {
  const lines: string[] = [];
  const logger = loggerTo((line) => void lines.push(line), 'info');
  logger.error('failed', { error, nested: { error } });
  const seen = [inspect(error, { depth: 20, showHidden: true, getters: true }), JSON.stringify(error), ...lines].join(
    '\n',
  );
  for (const secret of secrets) expect(seen).not.toContain(secret);
  expect(seen).not.toMatch(/signature[=:]|authorization["']?:|AWS4-HMAC|SharedKey|StringToSign|x-amz-|x-ms-/i);
  expect((error as Error).cause).toBeUndefined();
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
