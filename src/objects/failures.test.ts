import { describe, expect, test } from 'vitest';
import { failureOfAzure } from './azure/failure.ts';
import { failureOfNetwork, faultOfStatus } from './failures.ts';
import { failureOfHdfs, HdfsRefusal } from './hdfs/failure.ts';
import { failureOfS3 } from './s3/failure.ts';

function withCode(code: string, cause?: unknown): Error {
  return Object.assign(new Error(`the text of ${code}`, { cause }), { code });
}

describe('an error of the network', () => {
  test.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_SOCKET', 'ERR_STREAM_PREMATURE_CLOSE'])(
    '%s may pass',
    (code) => {
      expect(failureOfNetwork(withCode(code))?.fault).toBe('unavailable');
    },
  );

  test.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'EPROTO',
    'ERR_INVALID_URL',
  ])('%s does not', (code) => {
    expect(failureOfNetwork(withCode(code))?.fault).toBe('misconfigured');
  });

  test('is found behind others', () => {
    const several = new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]);
    const fetched = new TypeError('fetch failed', { cause: several });
    expect(failureOfNetwork(fetched)).toEqual({
      fault: 'unavailable',
      reason: 'ECONNREFUSED the text of ECONNREFUSED',
    });
    expect(failureOfNetwork(new TypeError('fetch failed'))).toBeUndefined();
    expect(failureOfNetwork('text')).toBeUndefined();
  });
});

test.each([
  [301, 'misconfigured'],
  [400, 'failed'],
  [401, 'denied'],
  [403, 'denied'],
  [404, 'missing'],
  [408, 'unavailable'],
  [409, 'failed'],
  [429, 'unavailable'],
  [500, 'unavailable'],
  [501, 'failed'],
  [503, 'unavailable'],
])('a status %d means %s', (status, fault) => {
  expect(faultOfStatus(status)).toBe(fault);
});

describe('what is thrown', () => {
  const anything: [string, unknown, string][] = [
    ['no error', 'text', 'failed'],
    ['a defect', new TypeError('x is not a function'), 'failed'],
    ['a connection that was refused', withCode('ECONNREFUSED'), 'unavailable'],
  ];

  test.each(anything)('by any client: %s', (_, error, fault) => {
    for (const failureOf of [failureOfS3, failureOfAzure, failureOfHdfs]) expect(failureOf(error).fault).toBe(fault);
  });

  test.each([
    ['a timeout of its own', Object.assign(new Error('late'), { name: 'TimeoutError' }), 'unavailable'],
    ['no credentials', Object.assign(new Error('none'), { name: 'CredentialsProviderError' }), 'denied'],
    ['a clock that is wrong', answered('RequestTimeTooSkewed', 403), 'unavailable'],
    ['an answer that nobody knows', answered('SomethingNew', 418), 'failed'],
  ])('by the client of S3: %s', (_, error, fault) => {
    expect(failureOfS3(error).fault).toBe(fault);
  });

  test.each([
    ['ServerBusy', 503, 'unavailable'],
    ['AccountRequiresHttps', 400, 'misconfigured'],
    ['AuthenticationFailed', 403, 'denied'],
    ['ContainerNotFound', 404, 'missing'],
    ['BlobImmutableDueToPolicy', 409, 'failed'],
  ])('by the client of Azure: %s', (code, statusCode, fault) => {
    const failure = failureOfAzure(Object.assign(new Error('what was signed'), { code, statusCode }));
    expect(failure).toEqual({ fault, reason: `${code} (${statusCode})` });
  });

  test.each([
    ['AccessControlException', 403, 'denied'],
    ['SafeModeException', 403, 'unavailable'],
    ['IOException', 403, 'failed'],
    ['RuntimeException', 500, 'unavailable'],
    ['', 404, 'misconfigured'],
    ['', 503, 'unavailable'],
  ])('by WebHDFS: %o with %d', (exception, status, fault) => {
    expect(failureOfHdfs(new HdfsRefusal(status, exception, 'text', false)).fault).toBe(fault);
  });
});

function answered(name: string, httpStatusCode: number): Error {
  return Object.assign(new Error('text'), { name, $metadata: { httpStatusCode } });
}
