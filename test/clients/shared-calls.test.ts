import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type DescMethod, fromJson, type JsonObject, type MessageShape, toJson } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import { createClient } from '../../src/client/client.ts';
import { readBrpcJson } from '../../src/schema/json/read-brpc-json.ts';
import { writeBrpcJson } from '../../src/schema/json/write-brpc-json.ts';
import { BaiduStdClient } from '../support/baidu-std-client.ts';
import { startTestServer } from '../support/run-server.ts';
import { methodNamed, SHARED_CALLS } from '../support/shared-calls.ts';

type Message = MessageShape<DescMethod['input']>;

/** A client of whatever protocol. Those of gRPC that others have written are in `test/server/grpc.test.ts`. */
interface Caller {
  call(method: DescMethod, request: Message): Promise<Message>;
  close(): void;
}

const run = promisify(execFile);
const hasCurl = await run('curl', ['--version']).then(
  () => true,
  () => false,
);
if (!hasCurl) console.log('curl is not here: calls by curl are skipped');

const CALLERS: Readonly<Record<string, (base: string) => Promise<Caller>>> = {
  curl: async (base) => ({
    call: async ({ name, input, output }, request) => {
      const url = `${base}/MetaService/${name}`;
      const { stdout } = await run('curl', ['-sS', '--noproxy', '*', url, '-d', writeBrpcJson(input, request)]);
      return readBrpcJson(output, stdout);
    },
    close: () => undefined,
  }),
  baidu_std: async (base) => {
    const client = await BaiduStdClient.connect(Number(new URL(base).port));
    return {
      call: ({ name, input, output }, request) => client.call({ name, request: input, response: output }, request),
      close: () => client.close(),
    };
  },
  'nereus/client by HTTP': async (base) => ownClient(base, 'http'),
  'nereus/client by gRPC': async (base) => ownClient(base, 'grpc'),
};

function ownClient(base: string, transport: 'http' | 'grpc'): Caller {
  const client = createClient({ endpoints: [base], transport, refusals: 'return' });
  // Methods differ in their messages; each is called with its own here.
  const rpcs = client as unknown as Readonly<Record<string, (request: Message) => Promise<Message>>>;
  return {
    call: ({ name }, request) => rpcs[name]?.(request) ?? Promise.reject(new Error(`no ${name}`)),
    close: () => client.close(),
  };
}

describe.each(Object.entries(CALLERS))('%s', (name, connect) => {
  test.skipIf(name === 'curl' && !hasCurl)('makes the shared calls', async () => {
    const server = await startTestServer();
    try {
      const caller = await connect(server.base);
      for (const { method, request, response } of SHARED_CALLS) {
        const desc: DescMethod = methodNamed(method);
        const answer = await caller.call(desc, fromJson(desc.input, request as JsonObject));
        expect(toJson(desc.output, answer, { useProtoFieldName: true }), method).toMatchObject(response);
      }
      caller.close();
    } finally {
      await server.stop();
    }
  });
});
