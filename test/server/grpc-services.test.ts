import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { type Client, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GrpcCode } from '../../src/net/grpc/status.ts';
import { Health, HealthCheckResponse_ServingStatus as Status } from '../../src/schema/gen/grpc/health/v1/health_pb.ts';
import {
  ServerReflection,
  ServerReflectionRequestSchema,
} from '../../src/schema/gen/grpc/reflection/v1/reflection_pb.ts';
import { ServerReflection as Alpha } from '../../src/schema/gen/grpc/reflection/v1alpha/reflection_pb.ts';
import { type GrpcUnderTest, startGrpc } from '../support/grpc/grpc-server.ts';
import { frame, RawGrpc, replyOf } from '../support/grpc/raw-call.ts';

let server: GrpcUnderTest;
let sessionManager: Http2SessionManager;
let health: Client<typeof Health>;

function transport() {
  return createGrpcTransport({ baseUrl: server.base, sessionManager });
}

beforeEach(async () => {
  server = await startGrpc(async (request) => request);
  sessionManager = new Http2SessionManager(server.base);
  health = createClient(Health, transport());
});
afterEach(async () => {
  sessionManager.abort();
  await server.stop();
  expect(server.buffered.used).toBe(0);
});

const SERVICES = [
  'doris.cloud.MetaService',
  'grpc.health.v1.Health',
  'grpc.reflection.v1.ServerReflection',
  'grpc.reflection.v1alpha.ServerReflection',
];

describe('health', () => {
  test.each(['', ...SERVICES])('%j serves', async (service) => {
    expect(await health.check({ service })).toMatchObject({ status: Status.SERVING });
  });

  test('of a service that is not there is not found, or watched as unknown', async () => {
    const error = await health.check({ service: 'x' }).catch(ConnectError.from);
    expect(error).toMatchObject({ code: GrpcCode.not_found });
    for await (const { status } of health.watch({ service: 'x' })) {
      expect(status).toBe(Status.SERVICE_UNKNOWN);
      break;
    }
  });

  test('that is watched ends with the service', async () => {
    const seen: number[] = [];
    const watch = async () => {
      for await (const { status } of health.watch({ service: '' })) {
        seen.push(status);
        if (seen.length === 1) server.front.drain();
      }
    };
    const error = ConnectError.from(await watch().catch((reason: unknown) => reason));
    expect(error.code).toBe(GrpcCode.unavailable);
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
    await server.connections.ended();
  });
});

describe.each([
  ['v1', ServerReflection],
  ['v1alpha', Alpha],
] as const)('reflection %s', (_, service) => {
  type Asked = Parameters<typeof create<typeof ServerReflectionRequestSchema>>[1];

  async function ask(...requests: Asked[]) {
    const client = createClient(service as typeof ServerReflection, transport());
    async function* all() {
      for (const request of requests) yield create(ServerReflectionRequestSchema, request);
    }
    const answers = [];
    for await (const { messageResponse } of client.serverReflectionInfo(all())) answers.push(messageResponse);
    return answers;
  }

  function filesIn(answer: Awaited<ReturnType<typeof ask>>[number] | undefined): string[] {
    if (answer?.case !== 'fileDescriptorResponse') throw new Error(`no files, but ${answer?.case}`);
    return answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
  }

  test('lists the services', async () => {
    const [answer] = await ask({ messageRequest: { case: 'listServices', value: '' } });
    expect(answer).toMatchObject({
      case: 'listServicesResponse',
      value: { service: SERVICES.map((name) => ({ name })) },
    });
  });

  test.each([
    'doris.cloud.MetaService',
    'doris.cloud.MetaService.get_version',
    'doris.cloud.GetVersionRequest',
    'doris.cloud.MetaServiceCode',
    'grpc.health.v1.Health',
  ])('has the file of %s, and all that it imports', async (value) => {
    const [answer] = await ask({ messageRequest: { case: 'fileContainingSymbol', value } });
    const names = filesIn(answer);
    expect(new Set(names).size).toBe(names.length);
    if (answer?.case !== 'fileDescriptorResponse') return;
    for (const bytes of answer.value.fileDescriptorProto) {
      for (const needed of fromBinary(FileDescriptorProtoSchema, bytes).dependency) expect(names).toContain(needed);
    }
  });

  test('sends imports once in a call', async () => {
    const ofService = { case: 'fileContainingSymbol', value: 'doris.cloud.MetaService' } as const;
    const ofFile = { case: 'fileByFilename', value: 'cloud/version.proto' } as const;
    const [first, second] = await ask({ messageRequest: ofService }, { messageRequest: ofFile });
    expect(filesIn(first)[0]).toBe('cloud/meta_service.proto');
    expect(filesIn(first)).toContain('cloud/version.proto');
    expect(filesIn(second)).toEqual(['cloud/version.proto']);
  });

  test('knows what there is not', async () => {
    const [symbol, file, extension, numbers, none] = await ask(
      { messageRequest: { case: 'fileContainingSymbol', value: 'x.Y' } },
      { messageRequest: { case: 'fileByFilename', value: 'x.proto' } },
      { messageRequest: { case: 'fileContainingExtension', value: { containingType: 'x.Y', extensionNumber: 1 } } },
      { messageRequest: { case: 'allExtensionNumbersOfType', value: 'x.Y' } },
      { messageRequest: { case: 'allExtensionNumbersOfType', value: 'doris.cloud.GetVersionRequest' } },
    );
    for (const answer of [symbol, file, extension, numbers]) {
      expect(answer).toMatchObject({ case: 'errorResponse', value: { errorCode: GrpcCode.not_found } });
    }
    expect(none).toMatchObject({ case: 'allExtensionNumbersResponse', value: { extensionNumber: [] } });
  });

  test('refuses a request for nothing', async () => {
    const error = ConnectError.from(await ask({}).catch((reason: unknown) => reason));
    expect(error.code).toBe(GrpcCode.invalid_argument);
  });
});

test('reflection ends with a client that asks much and takes nothing', async () => {
  const client = new RawGrpc(server.base);
  const asked = create(ServerReflectionRequestSchema, {
    messageRequest: { case: 'fileByFilename', value: 'cloud/txn.proto' },
  });
  const question = frame(toBinary(ServerReflectionRequestSchema, asked));
  const stream = client.open({ ':path': '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo' });
  const reply = replyOf(stream);
  stream.pause();
  stream.write(Buffer.concat(Array.from({ length: 2_000 }, () => question)));
  await new Promise((resolve) => stream.once('response', resolve));
  stream.resume();
  const { body, trailers } = await reply;
  expect(Number(trailers?.['grpc-status'])).toBe(GrpcCode.resource_exhausted);
  expect(body.length).toBeLessThan(6 * 1024 * 1024);
  client.close();
});
