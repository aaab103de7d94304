import { openObjectStore } from '../../src/objects/open-object-store.ts';
import { unlimited } from '../support/objects/limits.ts';
import { OBJECT_SETTINGS } from '../support/objects/settings.ts';
import { startWebHdfs } from '../support/objects/web-hdfs-server.ts';
import { contract } from './contract.ts';

const options = { name: 'vault 1', limiters: unlimited(), settings: OBJECT_SETTINGS };

contract(async () => {
  const server = await startWebHdfs({ page_entries: 100 });
  return { open: (prefix) => openObjectStore(server.location({ prefix }), options), stop: server.stop };
});
