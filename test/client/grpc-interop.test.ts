import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { CreateTabletsRequestSchema, CreateTabletsResponseSchema } from '../../src/schema/gen/cloud/tablet_pb.ts';
import { startGrpcServer } from '../support/client/grpc-server.ts';

const TABLETS = { cloudUniqueId: '1:inst:be', tabletMetas: [{ tabletId: 1n }] };
const answer = (msg: string) =>
  toBinary(CreateTabletsResponseSchema, create(CreateTabletsResponseSchema, { status: { code: 0, msg } }));

test('the client and the gRPC server of somebody else understand each other, also at many megabytes', async () => {
  const server = await startGrpcServer(async (method, request) => {
    expect(method).toBe('create_tablets');
    return answer(fromBinary(CreateTabletsRequestSchema, request).storageVaultName);
  });
  const client = createClient({ endpoints: server.base, transport: 'grpc' });
  const storageVaultName = 'x'.repeat(32 * 1024 * 1024);
  const [large, small] = await Promise.all([
    client.create_tablets({ ...TABLETS, storageVaultName }),
    client.create_tablets({ ...TABLETS, storageVaultName: 'y' }),
  ]);
  expect(large.status.msg === storageVaultName).toBe(true);
  expect(small.status.msg).toBe('y');
  client.close();
  server.stop();
});

test('its status codes are taken for what they say', async () => {
  const codes = [status.UNAVAILABLE, status.RESOURCE_EXHAUSTED, status.OK, status.INTERNAL];
  let calls = 0;
  const server = await startGrpcServer(async () => {
    const code = codes[calls++] ?? status.UNKNOWN;
    if (code === status.OK) return answer('done');
    throw Object.assign(new Error('näh, 100%'), { code, metadata: new Metadata() });
  });
  const client = createClient({ endpoints: server.base, transport: 'grpc' });
  expect((await client.create_tablets(TABLETS)).status.msg).toBe('done');
  expect(calls).toBe(3);
  await expect(client.create_tablets(TABLETS)).rejects.toMatchObject({ kind: 'failed', message: /INTERNAL näh, 100%/ });
  expect(calls).toBe(4);
  client.close();
  server.stop();
});
