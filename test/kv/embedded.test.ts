import { temporaryStore } from '../support/kv/temporary-store.ts';
import { storeContract } from './contract.ts';

storeContract('The embedded engine', async () => {
  const temporary = await temporaryStore();
  return {
    store: temporary.store,
    reopen: () => temporary.reopen(),
    dispose: () => temporary.dispose(),
  };
});
