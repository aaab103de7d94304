import { describe } from 'vitest';
import { openObjectStore } from '../../src/objects/open-object-store.ts';
import { unlimited } from '../support/objects/limits.ts';
import { startS3Server } from '../support/objects/s3-server.ts';
import { OBJECT_SETTINGS } from '../support/objects/settings.ts';
import { contract } from './contract.ts';
import { faultContract } from './faults.ts';

const options = { name: 'vault 1', limiters: unlimited(), settings: OBJECT_SETTINGS };

describe('a bucket', () => {
  contract(async () => {
    const server = await startS3Server('bucket');
    return { open: (prefix) => openObjectStore(server.location('bucket', { prefix }), options), stop: server.stop };
  });
});

describe('a bucket and', () => {
  const wrong = { kind: 'keys', ak: 'the-access-key-of-nobody', sk: 'the-secret-key-of-nobody' } as const;

  faultContract(async () => {
    const server = await startS3Server('bucket');
    return {
      address: new URL(server.endpoint).host,
      secrets: ['S3RVER', wrong.ak, wrong.sk],
      open({ address, missing = false, wrong_credentials = false }, given) {
        const more = { endpoint: address, ...(wrong_credentials && { credentials: wrong }) };
        return openObjectStore(server.location(missing ? 'none' : 'bucket', more), given);
      },
      stop: server.stop,
    };
  });
});
