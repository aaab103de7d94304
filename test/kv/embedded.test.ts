import { temporaryStore } from '../support/kv/temporary-store.ts';
import { storeContract } from './contract.ts';

// Alone with its directory, the engine keeps what it has read until it commits; with others, it looks again and again.
for (const exclusive of [true, false]) {
  storeContract(`The embedded engine, ${exclusive ? 'alone' : 'beside others'}`, async () => {
    const temporary = await temporaryStore({ exclusive });
    return {
      store: temporary.store,
      reopen: () => temporary.reopen(),
      dispose: () => temporary.dispose(),
    };
  });
}
