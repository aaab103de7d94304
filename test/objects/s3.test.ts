import { openObjectStore } from '../../src/objects/open-object-store.ts';
import { unlimited } from '../support/objects/limits.ts';
import { startS3Server } from '../support/objects/s3-server.ts';
import { OBJECT_SETTINGS } from '../support/objects/settings.ts';
import { contract } from './contract.ts';

const options = { name: 'vault 1', limiters: unlimited(), settings: OBJECT_SETTINGS };

contract(async () => {
  const server = await startS3Server('bucket');
  return { open: (prefix) => openObjectStore(server.location('bucket', { prefix }), options), stop: server.stop };
});
