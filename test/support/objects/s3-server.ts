import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { S3Location } from '../../../src/objects/location.ts';
import { temporaryFolder } from '../kv/temporary-store.ts';

/** The only account of the server. */
const KEYS = { kind: 'keys', ak: 'S3RVER', sk: 'S3RVER' } as const;

/** An S3 server with some buckets, in a process of its own, on a free port and in a folder of its own. */
export interface S3Server {
  readonly endpoint: string;
  /** A place in one of the buckets. */
  location(bucket: string, more?: Partial<S3Location>): S3Location;
  stop(): Promise<void>;
}

export async function startS3Server(...buckets: string[]): Promise<S3Server> {
  const directory = await temporaryFolder();
  const script = join(import.meta.dirname, 's3-server-process.mjs');
  // The server encrypts where a listing goes on, with a cipher that is not there otherwise.
  const flags = ['--openssl-legacy-provider', '--no-deprecation'];
  const child = spawn(process.execPath, [...flags, script, directory, ...buckets], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const endpoint = `http://127.0.0.1:${await firstLine(child)}`;
  const place = { kind: 's3', endpoint, region: 'us-east-1', path_style: true, batch_delete: true } as const;
  return {
    endpoint,
    location: (bucket, more) => ({ ...place, bucket, prefix: 'pre', credentials: KEYS, ...more }),
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
