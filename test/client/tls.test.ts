import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Client,
  ClientError,
  type ClientOptions,
  createClient,
  MetaServiceCode,
} from '../../src/client/client.ts';
import { newInstance } from '../support/client/counted-server.ts';
import { makeDir, startTestServer, type TestServer } from '../support/run-server.ts';
import { LOCALHOST, RENEWED } from '../support/test-certificates.ts';

let dir: string;
let server: TestServer;
const clients: Client[] = [];
beforeAll(async () => {
  dir = await makeDir();
  const [tls_cert, tls_key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  writeFileSync(tls_cert, LOCALHOST.cert);
  writeFileSync(tls_key, LOCALHOST.key);
  server = await startTestServer({ settings: { tls_cert, tls_key }, dir: join(dir, 'data') });
});
afterAll(async () => {
  for (const client of clients) client.close();
  await server.stop();
  await rm(dir, { recursive: true });
});

function connect(options: Omit<ClientOptions, 'endpoints'>, scheme = 'https'): Client {
  const { port } = new URL(server.base);
  const client = createClient({ endpoints: `${scheme}://127.0.0.1:${port}`, token: server.token, ...options });
  clients.push(client);
  return client;
}

describe.each(['http', 'grpc'] as const)('TLS, over %s', (transport) => {
  const instance = `inst_${transport}`;

  test('serves methods and the admin API to who trusts the certificate, on connections that are kept', async () => {
    const client = connect({ transport, tls_ca: LOCALHOST.cert });
    await client.admin('create_instance', newInstance(instance));
    for (let i = 0; i < 3; i++) {
      const { status } = await client.get_instance({ cloudUniqueId: `1:${instance}:fe` });
      expect(status.code).toBe(MetaServiceCode.OK);
    }
  });

  test.each([
    ['that others have vouched for', { tls_ca: RENEWED.cert }],
    ['that nobody has vouched for', {}],
  ])('calls no service with a certificate %s', async (_, trust) => {
    const client = connect({ transport, retry: false, ...trust });
    const error = await client.get_instance({ cloudUniqueId: `1:${instance}:fe` }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ClientError);
    expect(error).toMatchObject({ kind: 'unavailable', maybe_executed: false });
    expect(String(error)).toMatch(/self.signed|DEPTH_ZERO_SELF_SIGNED_CERT|certificate/i);
  });

  test('is not guessed: a client without it is told that there is no connection', async () => {
    const client = connect({ transport, retry: false }, 'http');
    const error = await client.get_instance({ cloudUniqueId: `1:${instance}:fe` }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ClientError);
  });
});
