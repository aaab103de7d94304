import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { S3Location } from '../../src/objects/location.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';
import { openObjectStore } from '../../src/objects/open-object-store.ts';
import { type CannedAnswer, type CannedServer, startCannedServer } from '../support/objects/canned-server.ts';
import { unlimited } from '../support/objects/limits.ts';
import { OBJECT_SETTINGS } from '../support/objects/settings.ts';
import { listed } from './contract.ts';
import { expectNoSecret } from './faults.ts';

const AK = 'the-access-key-of-a-bucket';
const SK = 'the-secret-key-of-a-bucket';
let server: CannedServer;
afterEach(() => server.stop());

async function storeAnswered(answers: readonly CannedAnswer[], more: Partial<S3Location> = {}): Promise<ObjectStore> {
  server = await startCannedServer(...answers);
  const credentials = { kind: 'keys', ak: AK, sk: SK } as const;
  const place = { kind: 's3', region: 'r', bucket: 'bucket', prefix: 'pre', path_style: true } as const;
  const location = { ...place, endpoint: server.endpoint, batch_delete: true, credentials, ...more };
  return openObjectStore(location, { name: 'vault 1', limiters: unlimited(), settings: OBJECT_SETTINGS });
}

function deleted(...errors: readonly (readonly [key: string, code: string])[]): CannedAnswer {
  const list = errors.map(
    ([key, code]) => `<Error><Key>${key}</Key><Code>${code}</Code><Message>${SK}</Message></Error>`,
  );
  return { status: 200, body: `<DeleteResult>${list.join('')}</DeleteResult>` };
}

function refused(status: number, code: string, more = ''): CannedAnswer {
  return { status, body: `<Error><Code>${code}</Code><Message>The text of ${code}</Message>${more}</Error>` };
}

async function errorOf(work: Promise<unknown>): Promise<{ readonly fault: string; readonly message: string }> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  expectNoSecret(error, [AK, SK]);
  return { fault: error.fault, message: error.message };
}

describe('the deletion of many objects', () => {
  test('is signed by MD5 and no newer sum, and asks for failures alone', async () => {
    const store = await storeAnswered([deleted()]);
    await store.delete(['a', 'b']);
    const [{ method, url, headers, body }] = server.seen as [(typeof server.seen)[0]];
    expect([method, url]).toEqual(['POST', expect.stringMatching(/^\/bucket\/?\?delete/)]);
    expect(headers['content-md5']).toBe(createHash('md5').update(body).digest('base64'));
    expect(Object.keys(headers).filter((name) => name.includes('checksum'))).toEqual([]);
    expect(headers.authorization).toContain('content-md5');
    expect(body).toMatch(/<Quiet>true<\/Quiet>/);
    expect(body).toMatch(/<Key>pre\/a<\/Key>.*<Key>pre\/b<\/Key>/);
  });

  test('fails when one of them stays', async () => {
    const store = await storeAnswered([deleted(['pre/b', 'AccessDenied'])]);
    const message = 'vault 1: could not delete objects: 1 of 3 objects are still there: AccessDenied';
    expect(await errorOf(store.delete(['a', 'b', 'c']))).toEqual({ fault: 'denied', message });
    expect(server.seen).toHaveLength(1);
  });

  test('is made again for what may go a little later, and for nothing else', async () => {
    const store = await storeAnswered([deleted(['pre/b', 'InternalError'], ['pre/c', 'SlowDown']), deleted()]);
    await store.delete(['a', 'b', 'c']);
    expect(server.seen.map(({ body }) => body.match(/pre\/\w/g))).toEqual([
      ['pre/a', 'pre/b', 'pre/c'],
      ['pre/b', 'pre/c'],
    ]);
  });

  test('is not made again for ever', async () => {
    const store = await storeAnswered([deleted(['pre/b', 'InternalError'])]);
    expect(await errorOf(store.delete(['a', 'b']))).toMatchObject({ fault: 'unavailable' });
    expect(server.seen).toHaveLength(1 + OBJECT_SETTINGS.max_s3_client_retry);
  });

  test('takes an object for deleted that was not there', async () => {
    const store = await storeAnswered([deleted(['pre/b', 'NoSuchKey'])]);
    await store.delete(['a', 'b']);
  });

  test('is made in batches of a thousand', async () => {
    const store = await storeAnswered([deleted()]);
    await store.delete(Array.from({ length: 2_001 }, (_, i) => `${i}`));
    expect(server.seen.map(({ body }) => body.match(/<Key>/g)?.length).sort()).toEqual([1, 1000, 1000]);
  });

  test('is one request an object where the storage has no other', async () => {
    const store = await storeAnswered([{ status: 204 }, refused(404, 'NoSuchKey'), { status: 204 }], {
      batch_delete: false,
    });
    await store.delete(['a', 'b', 'c']);
    expect(server.seen.map(({ method }) => method)).toEqual(['DELETE', 'DELETE', 'DELETE']);
    expect(server.seen.map(({ url }) => url.split('?')[0]).sort()).toEqual(
      ['a', 'b', 'c'].map((key) => `/bucket/pre/${key}`),
    );
  });
});

test('an object is put without a sum behind it', async () => {
  const store = await storeAnswered([{ status: 200 }]);
  await store.put('a', Buffer.from('body'));
  const [seen] = server.seen;
  expect(seen).toMatchObject({ method: 'PUT', body: 'body', headers: { 'content-length': '4' } });
  expect(seen?.headers).not.toHaveProperty('x-amz-trailer');
  expect(seen?.headers).not.toHaveProperty('transfer-encoding');
});

describe('a listing', () => {
  const object = (key: string) =>
    `<Contents><Key>${key}</Key><Size>1</Size><LastModified>2025-01-31T10:11:12.000Z</LastModified><ETag>"e"</ETag></Contents>`;
  const page = (rest: string): CannedAnswer => ({ status: 200, body: `<ListBucketResult>${rest}</ListBucketResult>` });

  test('goes on past pages that are empty', async () => {
    const more = (token: string) =>
      `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;
    const store = await storeAnswered([page(more('t1')), page(object('pre/a') + more('t2')), page('')]);
    const modified_ms = Date.UTC(2025, 0, 31, 10, 11, 12);
    expect(await listed(store, '')).toEqual([{ key: 'a', size_bytes: 1, modified_ms, etag: 'e' }]);
    expect(server.seen.map(({ url }) => /continuation-token=(\w+)/.exec(url)?.[1])).toEqual([undefined, 't1', 't2']);
  });

  test('that goes on and does not say where is a failure', async () => {
    const store = await storeAnswered([page(`${object('pre/a')}<IsTruncated>true</IsTruncated>`)]);
    expect(await errorOf(listed(store, ''))).toMatchObject({ fault: 'failed' });
  });

  test('with objects that were not asked for is not believed', async () => {
    const store = await storeAnswered([page(object('pre/data/1/a') + object('other/data/1/a'))]);
    const message = 'vault 1: refused, since a listing has "other/data/1/a", which was not asked for';
    expect(await errorOf(store.deletePrefix('data/1/'))).toEqual({ fault: 'failed', message });
    expect(server.seen.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('what is no answer of S3, and has no objects and no errors in it,', () => {
  const message = (deed: string) => `vault 1: could not ${deed}: what answers (200) is no S3`;

  test.each([
    ['a page', `<html><body>${AK}</body></html>`],
    ['other data', '{"ok":true}'],
    ['nothing', ''],
  ])('leaves nothing for gone: %s', async (_, body) => {
    const store = await storeAnswered([{ status: 200, body }]);
    expect(await errorOf(listed(store, ''))).toEqual({ fault: 'failed', message: message('list objects') });
    expect(await errorOf(store.delete(['a', 'b']))).toEqual({ fault: 'failed', message: message('delete objects') });
    await server.stop();
    const single = await storeAnswered([{ status: 200, body }], { batch_delete: false });
    expect(await errorOf(single.delete(['a']))).toEqual({ fault: 'failed', message: message('delete an object') });
  });

  test('is told from storage that says nothing when nothing is left', async () => {
    const store = await storeAnswered([{ status: 200, headers: { 'x-oss-request-id': '5C3D' } }]);
    await store.delete(['a', 'b']);
    expect(await errorOf(listed(store, ''))).toEqual({ fault: 'failed', message: message('list objects') });
  });
});

describe('refusals', () => {
  const signed = `<AWSAccessKeyId>${AK}</AWSAccessKeyId><StringToSign>AWS4-HMAC-SHA256 ${SK}</StringToSign>`;
  const cases: [CannedAnswer, string, string][] = [
    [refused(403, 'SignatureDoesNotMatch', signed), 'denied', 'SignatureDoesNotMatch (403)'],
    [refused(403, 'InvalidAccessKeyId', signed), 'denied', 'InvalidAccessKeyId (403)'],
    [refused(400, 'ExpiredToken'), 'denied', 'ExpiredToken (400)'],
    [refused(404, 'NoSuchBucket'), 'missing', 'NoSuchBucket (404) The text of NoSuchBucket'],
    [refused(301, 'PermanentRedirect'), 'misconfigured', 'PermanentRedirect (301) The text of PermanentRedirect'],
    [refused(400, 'AuthorizationHeaderMalformed'), 'misconfigured', 'AuthorizationHeaderMalformed (400)'],
    [refused(400, 'InvalidRequest', `<Extra>${SK}</Extra>`), 'failed', 'InvalidRequest (400)'],
    [refused(400, `Echo AWS4-HMAC-SHA256 Credential=${AK}/20250131`), 'failed', '******'],
    [refused(503, 'SlowDown'), 'unavailable', 'SlowDown (503) The text of SlowDown'],
    [refused(501, 'NotImplemented'), 'failed', 'NotImplemented (501) The text of NotImplemented'],
    [{ status: 403, body: 'no XML' }, 'denied', '(403)'],
    [{ status: 502, body: '<html>Bad Gateway</html>' }, 'unavailable', '(502)'],
  ];

  test.each(cases)('%o', async (answer, fault, part) => {
    const store = await storeAnswered([answer]);
    for (const call of [
      () => store.put('a', Buffer.from('x')),
      () => store.delete(['a', 'b']),
      () => listed(store, ''),
    ]) {
      const error = await errorOf(call());
      expect(error.fault).toBe(fault);
      expect(error.message).toContain(part);
    }
    expect(server.seen).toHaveLength(fault === 'unavailable' ? 9 : 3);
  });
});
