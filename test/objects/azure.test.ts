import { openObjectStore } from '../../src/objects/open-object-store.ts';
import { startAzureServer } from '../support/objects/azure-server.ts';
import { unlimited } from '../support/objects/limits.ts';
import { OBJECT_SETTINGS } from '../support/objects/settings.ts';
import { contract } from './contract.ts';

const options = { name: 'vault 1', limiters: unlimited(), settings: OBJECT_SETTINGS };

contract(async () => {
  const server = await startAzureServer('bucket');
  return { open: (prefix) => openObjectStore(server.location('bucket', { prefix }), options), stop: server.stop };
});
