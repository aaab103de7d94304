import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { S3Location } from '../../../src/objects/location.ts';
import { eachAtATime } from '../../../src/recycler/at-a-time.ts';
import { temporaryFolder } from '../kv/temporary-store.ts';

/** The only account of the server. */
const KEYS = { kind: 'keys', ak: 'S3RVER', sk: 'S3RVER' } as const;

/** Says its port, and ends when its standard input does, so that it never outlives whoever started it. */
const PROGRAM = `
  const { existsSync, rmSync } = require('node:fs');
  const { join } = require('node:path');
  const [library, directory, ...names] = process.argv.slice(1);
  const Server = require(library);
  const place = { port: 0, address: '127.0.0.1', silent: true, directory, vhostBuckets: false };
  const server = new Server({ ...place, configureBuckets: names.map((name) => ({ name })) });
  // It knows no way to abort an upload, and finds itself at fault when there is none to be completed.
  server.middleware.unshift((ctx, next) => {
    const { uploadId } = ctx.query;
    if (uploadId === undefined || ctx.method === 'PUT') return next();
    const [, bucket] = ctx.path.split('/');
    const folder = join(directory, bucket, '._S3rver_uploads', uploadId);
    if (!existsSync(folder)) {
      ctx.status = 404;
      ctx.body = '<Error><Code>NoSuchUpload</Code></Error>';
    } else if (ctx.method === 'DELETE') {
      rmSync(folder, { recursive: true });
      ctx.status = 204;
    } else {
      return next();
    }
  });
  server.run().then(({ port }) => process.stdout.write(port + '\\n'));
  process.stdin.resume();
  process.stdin.on('end', () => process.exit());
`;

/** An S3 server with some buckets, in a process of its own, on a free port and in a folder of its own. */
export interface S3Server {
  readonly endpoint: string;
  /** A place in one of the buckets. */
  location(bucket: string, more?: Partial<S3Location>): S3Location;
  /** Puts objects of no content where the server keeps them, far faster than by asking it. */
  plant(bucket: string, keys: readonly string[]): Promise<void>;
  /** How many uploads in parts have begun in a bucket, and were neither completed nor aborted. */
  uploads(bucket: string): Promise<number>;
  /** Lets it answer nothing any more, and go on where it was. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

export async function startS3Server(...buckets: string[]): Promise<S3Server> {
  const directory = await temporaryFolder();
  const library = createRequire(import.meta.url).resolve('s3rver');
  // The server encrypts where a listing goes on, with a cipher that is not there otherwise.
  const flags = ['--openssl-legacy-provider', '--no-deprecation'];
  const child = spawn(process.execPath, [...flags, '--eval', PROGRAM, library, directory, ...buckets], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const endpoint = `http://127.0.0.1:${await firstLine(child)}`;
  const place = { kind: 's3', endpoint, region: 'us-east-1', path_style: true, batch_delete: true } as const;
  return {
    endpoint,
    location: (bucket, more) => ({ ...place, bucket, prefix: 'pre', credentials: KEYS, ...more }),
    plant: (bucket, keys) => plantIn(join(directory, bucket), keys),
    uploads: async (bucket) => (await readdir(join(directory, bucket, '._S3rver_uploads')).catch(() => [])).length,
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the S3 server has no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the S3 server has ended');
}

const PLANTED_AT_A_TIME = 32;

/** Writes one file an object. The sums and the metadata that the server keeps beside those are made up where they are missing. */
async function plantIn(folder: string, keys: readonly string[]): Promise<void> {
  for (const each of new Set(keys.map((key) => dirname(key)))) await mkdir(join(folder, each), { recursive: true });
  await eachAtATime(keys, PLANTED_AT_A_TIME, (key) => writeFile(join(folder, `${key}._S3rver_object`), ''));
}
