import { create, fromJson, type JsonObject, toJson } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GrpcCode } from '../../src/net/grpc/status.ts';
import { MetaService } from '../../src/schema/gen/cloud/meta_service_pb.ts';
import { CALLERS, type GrpcCaller } from '../support/grpc/callers.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';
import { methodNamed, SHARED_CALLS } from '../support/shared-calls.ts';

const { get_version, http } = MetaService.method;

describe.each(Object.entries(CALLERS))('%s', (_, connect) => {
  let server: TestServer;
  let caller: GrpcCaller;
  beforeEach(async () => {
    server = await startTestServer();
    caller = connect(server.base);
  });
  afterEach(async () => {
    caller.close();
    await server.stop();
  });

  test('makes the shared calls', async () => {
    for (const { method, request, response } of SHARED_CALLS) {
      const desc = methodNamed(method);
      const answer = await caller.call(desc, fromJson(desc.input, request as JsonObject));
      const shown = toJson(desc.output, answer, { useProtoFieldName: true });
      expect(shown, method).toMatchObject(response);
    }
  });

  test('is told of a method that is not served', async () => {
    const call = caller.call(http, create(http.input));
    await expect(call).rejects.toMatchObject({ code: GrpcCode.unimplemented });
  });

  test('makes calls compressed', async () => {
    const compressing = connect(server.base, { gzip: true });
    const answer = await compressing.call(get_version, create(get_version.input, { cloudUniqueId: 'x'.repeat(5000) }));
    expect(answer.status?.msg).toMatch(/^params error/);
    compressing.close();
  });
});
