import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { loadS3 } from '../../../src/objects/s3/client.ts';
import { startAzureServer } from '../objects/azure-server.ts';
import { S3_DOUBLE, type S3Double } from '../objects/s3-double.ts';
import { type S3Server, startS3Server } from '../objects/s3-server.ts';
import { startWebHdfs } from '../objects/web-hdfs-server.ts';

/** A server for objects, written to and listed by the makers' own clients, and by nothing of ours. */
export interface Place {
  /** What an instance is created with whose objects lie below `prefix`. */
  instance(prefix: string): object;
  /** Whether instances on it can have stages of their own. */
  readonly has_stages: boolean;
  /** Puts an object at its full key. */
  put(key: string): Promise<void>;
  /** The full keys of all objects of all instances, in order. */
  keys(): Promise<string[]>;
  stop(): Promise<void>;
}

const BUCKET = 'bucket';
const BODY = 'body';

export interface StoredBody {
  readonly key: string;
  readonly written_ms: number;
  readonly body: string;
}

/** A place that tells more of its objects, and can be brought to a halt. */
export interface S3Place extends Place, Pick<S3Server, 'freeze' | 'thaw'> {
  /** All objects, in the order of their keys, with when they were written last and what is in them. */
  objects(): Promise<readonly StoredBody[]>;
}

export async function s3Place(): Promise<S3Place> {
  const [server, { S3Client, GetObjectCommand, PutObjectCommand, ListObjectsV2Command }] = await Promise.all([
    startS3Server(BUCKET),
    loadS3(),
  ]);
  const { credentials, region } = server.location(BUCKET);
  if (credentials.kind !== 'keys') throw new Error('the S3 server has no keys');
  const { ak, sk } = credentials;
  const client = new S3Client({
    ...{ endpoint: server.endpoint, region, forcePathStyle: true },
    credentials: { accessKeyId: ak, secretAccessKey: sk },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    // A machine that is busy with other tests may take long to accept a connection.
    maxAttempts: 10,
  });
  const where = { endpoint: server.endpoint, external_endpoint: server.endpoint, bucket: BUCKET, region };
  const list = async () => {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, ContinuationToken: token }));
      for (const { Key = '' } of page.Contents ?? []) keys.push(Key);
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return keys.sort();
  };
  return {
    has_stages: true,
    instance: (prefix) => ({ obj_info: { ak, sk, ...where, prefix, provider: 'S3' } }),
    put: async (Key) => {
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: BODY }));
    },
    keys: list,
    freeze: server.freeze,
    thaw: server.thaw,
    objects: async () => {
      const found: StoredBody[] = [];
      for (const key of await list()) {
        const { Body, LastModified } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
        found.push({ key, written_ms: Number(LastModified), body: (await Body?.transformToString()) ?? '' });
      }
      return found;
    },
    stop: async () => {
      client.destroy();
      await server.stop();
    },
  };
}

export async function azurePlace(): Promise<Place> {
  const server = await startAzureServer(BUCKET);
  const { account, account_key, endpoint } = server.location(BUCKET);
  const credential = new StorageSharedKeyCredential(account, account_key);
  const container = new BlobServiceClient(`${endpoint}/${account}`, credential).getContainerClient(BUCKET);
  const where = { endpoint, external_endpoint: endpoint, bucket: BUCKET, region: 'none' };
  return {
    has_stages: true,
    instance: (prefix) => ({ obj_info: { ak: account, sk: account_key, ...where, prefix, provider: 'AZURE' } }),
    put: async (key) => {
      await container.getBlockBlobClient(key).upload(BODY, BODY.length);
    },
    keys: async () => {
      const keys: string[] = [];
      for await (const { name } of container.listBlobsFlat()) keys.push(name);
      return keys.sort();
    },
    stop: () => server.stop(),
  };
}

export async function hdfsPlace(): Promise<Place> {
  const server = await startWebHdfs();
  const { fs_name, user, confs } = server.location();
  const hdfs_confs = Object.entries(confs).map(([key, value]) => ({ key, value }));
  return {
    has_stages: false,
    instance: (prefix) => ({ vault: { hdfs_info: { prefix, build_conf: { fs_name, user, hdfs_confs } } } }),
    put: async (key) => server.tree.create(`/${key}`, Buffer.from(BODY), Date.now()),
    keys: async () => server.tree.files.map((file) => file.slice(1)),
    stop: () => server.stop(),
  };
}

/** The S3 double of a test, which fails as it is told. */
export function doubledPlace(double: S3Double): Place {
  const { ak, sk, bucket } = S3_DOUBLE;
  const where = { endpoint: double.endpoint, external_endpoint: double.endpoint, bucket, region: 'us-east-1' };
  return {
    has_stages: true,
    instance: (prefix) => ({ obj_info: { ak, sk, ...where, prefix, provider: 'S3' } }),
    put: async (key) => double.put(key),
    keys: async () => double.keys(),
    stop: () => double.stop(),
  };
}
