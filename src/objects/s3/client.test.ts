import type { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startCannedServer } from '../../../test/support/objects/canned-server.ts';
import { OBJECT_SETTINGS } from '../../../test/support/objects/settings.ts';
import type { S3Location } from '../location.ts';
import { createS3Client, loadS3 } from './client.ts';

const s3 = await loadS3();
const PLACE: S3Location = {
  kind: 's3',
  endpoint: 'oss-cn-beijing.aliyuncs.com',
  region: 'cn-beijing',
  bucket: 'bucket',
  prefix: 'pre',
  path_style: false,
  batch_delete: true,
  credentials: { kind: 'keys', ak: 'the-access-key', sk: 'the-secret-key' },
};

/** What a client would send to ask for an object. */
async function requestOf(client: S3Client): Promise<{ readonly url: string; readonly authorization: string }> {
  let seen:
    | { protocol: string; hostname: string; port?: number; path: string; headers: Record<string, string> }
    | undefined;
  client.middlewareStack.add(
    () => async (args) => {
      seen = args.request as typeof seen;
      throw new Error('enough');
    },
    { step: 'deserialize', name: 'see' },
  );
  const command = new s3.HeadObjectCommand({ Bucket: 'bucket', Key: 'pre/a' });
  await expect(client.send(command)).rejects.toThrow('enough');
  if (!seen) throw new Error('nothing was sent');
  const { protocol, hostname, port, path, headers } = seen;
  return {
    url: `${protocol}//${hostname}${port ? `:${port}` : ''}${path}`,
    authorization: headers.authorization ?? '',
  };
}

async function urlOf(more: Partial<S3Location>, scheme = 'http'): Promise<string> {
  const settings = { ...OBJECT_SETTINGS, s3_client_http_scheme: scheme };
  return (await requestOf(await createS3Client(s3, { ...PLACE, ...more }, settings))).url;
}

describe('the client of S3', () => {
  test.each<[string, Partial<S3Location>, string]>([
    ['has the bucket in the host', {}, 'http://bucket.oss-cn-beijing.aliyuncs.com/pre/a'],
    ['or in the path, where that is said', { path_style: true }, 'http://oss-cn-beijing.aliyuncs.com/bucket/pre/a'],
    ['or the host has no room for it', { endpoint: '10.0.0.1:9000' }, 'http://10.0.0.1:9000/bucket/pre/a'],
    ['or has one word', { endpoint: 'http://minio:9000' }, 'http://minio:9000/bucket/pre/a'],
    [
      'takes the scheme of the endpoint',
      { endpoint: 'https://s3.amazonaws.com' },
      'https://bucket.s3.amazonaws.com/pre/a',
    ],
  ])('%s', async (_, more, url) => {
    expect(await urlOf(more)).toBe(url);
  });

  test('takes the scheme of the settings where the endpoint has none', async () => {
    expect(await urlOf({}, 'https')).toBe('https://bucket.oss-cn-beijing.aliyuncs.com/pre/a');
  });

  test('signs for the region of the place, and for a usual one where it has none', async () => {
    const signed = async (region: string) => {
      const client = await createS3Client(s3, { ...PLACE, region }, OBJECT_SETTINGS);
      return (await requestOf(client)).authorization;
    };
    expect(await signed('cn-beijing')).toMatch(/Credential=the-access-key\/\d+\/cn-beijing\/s3\//);
    expect(await signed('')).toMatch(/\/us-east-1\/s3\//);
  });

  describe('without keys of its own', () => {
    beforeEach(() => {
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'the-key-of-the-machine');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'its-secret');
    });
    afterEach(() => {
      vi.unstubAllEnvs();
    });

    test('takes those of the machine', async () => {
      const client = await createS3Client(s3, { ...PLACE, credentials: { kind: 'ambient' } }, OBJECT_SETTINGS);
      expect((await requestOf(client)).authorization).toContain('Credential=the-key-of-the-machine/');
    });

    test('takes on a role with those of the machine', async () => {
      const keys = '<AccessKeyId>the-key-of-the-role</AccessKeyId><SecretAccessKey>s</SecretAccessKey>';
      const rest = '<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>';
      const result = `<AssumeRoleResult><Credentials>${keys}${rest}</Credentials></AssumeRoleResult>`;
      const sts = await startCannedServer({ status: 200, body: `<AssumeRoleResponse>${result}</AssumeRoleResponse>` });
      try {
        vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.endpoint);
        const credentials = { kind: 'role', role_arn: 'arn:aws:iam::1:role/doris', external_id: 'x1' } as const;
        const client = await createS3Client(s3, { ...PLACE, credentials }, OBJECT_SETTINGS);
        expect((await requestOf(client)).authorization).toContain('Credential=the-key-of-the-role/');
        const asked = new URLSearchParams(sts.seen[0]?.body);
        expect(Object.fromEntries(asked)).toMatchObject({
          Action: 'AssumeRole',
          RoleArn: 'arn:aws:iam::1:role/doris',
          ExternalId: 'x1',
        });
        expect(sts.seen[0]?.headers.authorization).toContain('Credential=the-key-of-the-machine/');
      } finally {
        await sts.stop();
      }
    });
  });
});
