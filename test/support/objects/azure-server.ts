import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { AzureLocation } from '../../../src/objects/location.ts';
import { temporaryFolder } from '../kv/temporary-store.ts';

interface BlobServer {
  start(): Promise<void>;
  close(): Promise<void>;
  getHttpServerAddress(): string;
}

/** The account that every Azurite has, with the key that everyone knows. */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** A server of Azure Blob Storage with some containers, on a free port. */
export interface AzureServer {
  readonly endpoint: string;
  /** A place in one of the containers. */
  location(container: string, more?: Partial<AzureLocation>): AzureLocation;
  stop(): Promise<void>;
}

export async function startAzureServer(...containers: string[]): Promise<AzureServer> {
  const directory = await temporaryFolder();
  const server = blobServer(directory);
  await server.start();
  const endpoint = server.getHttpServerAddress();
  const service = new BlobServiceClient(`${endpoint}/${ACCOUNT}`, new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY));
  for (const name of containers) await service.createContainer(name);
  const place = { kind: 'azure', endpoint, account: ACCOUNT, account_key: ACCOUNT_KEY } as const;
  return {
    endpoint,
    location: (container, more) => ({ ...place, container, prefix: 'pre', ...more }),
    async stop() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Its blob service alone: the program would start those for queues and tables, too. */
function blobServer(directory: string): BlobServer {
  const require = createRequire(import.meta.url);
  const { default: Configuration } = require('azurite/dist/src/blob/BlobConfiguration');
  const { default: Server } = require('azurite/dist/src/blob/BlobServer');
  const file = (name: string) => join(directory, name);
  const persistence = [{ locationId: 'Default', locationPath: file('blobs'), maxConcurrency: 10 }];
  const logs = [false, undefined, false, undefined];
  // Loose, and without a look at the version of the API: the library is younger than the server.
  const lenient = [true, true];
  return new Server(
    new Configuration('127.0.0.1', 0, 5, file('blobs.json'), file('extents.json'), persistence, ...logs, ...lenient),
  );
}
