import { createHash } from 'node:crypto';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { endpointUrl, needsPathStyle } from '../endpoint.ts';
import type { S3Location } from '../location.ts';
import type { ObjectSettings } from '../options.ts';
import { believeOnlyS3 } from './answers.ts';

/** The client's library, which is loaded when the first place of its kind is used. */
export type S3Library = typeof import('@aws-sdk/client-s3');

/** Connections to one place. */
const MOST_SOCKETS = 32;

/** Loads the library. */
export async function loadS3(): Promise<S3Library> {
  // It would tell everyone on their terminal which Node.js it is going to ask for some day.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  return import('@aws-sdk/client-s3');
}

/** A client that does what it is told once, by the address that it is given, whatever the environment says. */
export async function createS3Client(
  { S3Client: Client }: S3Library,
  location: S3Location,
  settings: ObjectSettings,
): Promise<S3Client> {
  const endpoint = endpointUrl(location.endpoint, settings.s3_client_http_scheme);
  const agent = { keepAlive: true, maxSockets: MOST_SOCKETS };
  const client = new Client({
    endpoint: endpoint.href,
    region: location.region === '' ? 'us-east-1' : location.region,
    forcePathStyle: location.path_style || needsPathStyle(endpoint),
    credentials: await credentialsOf(location),
    maxAttempts: 1,
    // Sums in trailers are not understood by much that calls itself S3.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    useArnRegion: false,
    disableS3ExpressSessionAuth: true,
    requestHandler: { httpAgent: agent, httpsAgent: agent },
  });
  signBatchesByMd5(client);
  believeOnlyS3(client);
  return client;
}

async function credentialsOf({ credentials }: S3Location): Promise<NonNullable<S3ClientConfig['credentials']>> {
  if (credentials.kind === 'keys') return { accessKeyId: credentials.ak, secretAccessKey: credentials.sk };
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  if (credentials.kind === 'ambient') return fromNodeProviderChain();
  const { role_arn, external_id } = credentials;
  return fromTemporaryCredentials({
    masterCredentials: fromNodeProviderChain(),
    params: {
      RoleArn: role_arn,
      RoleSessionName: 'nereus',
      ...(external_id !== '' && { ExternalId: external_id }),
    },
  });
}

/** The deletion of many objects must have a sum of its body. All storage knows MD5; newer sums only Amazon's does for sure. */
function signBatchesByMd5(client: S3Client): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const request = args.request as { headers: Record<string, string>; body?: string | Uint8Array };
        if (commandName === 'DeleteObjectsCommand' && request.body !== undefined) {
          const sums = Object.keys(request.headers).filter((name) => /^x-amz-(?:sdk-)?checksum-/i.test(name));
          for (const name of sums) delete request.headers[name];
          request.headers['content-md5'] = createHash('md5').update(request.body).digest('base64');
        }
        return next(args);
      },
    { step: 'build', priority: 'low', name: 'signBatchesByMd5' },
  );
}
