import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { GetVersionRequestSchema } from '../../src/schema/gen/cloud/version_pb.ts';
import { frame, RawGrpc } from '../support/grpc/raw-call.ts';
import { scrape } from '../support/prometheus/scrape.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';

interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

let collector: Server;
let status: number;
let spans: ReceivedSpan[];
let server: TestServer | undefined;
beforeEach(async () => {
  status = 200;
  spans = [];
  collector = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      const { resourceSpans } = JSON.parse(text);
      if (request.url === '/v1/traces') spans.push(...resourceSpans[0].scopeSpans[0].spans);
      response.writeHead(status).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
});

async function serve(otlp_trace_one_in: number): Promise<string> {
  const { port } = collector.address() as AddressInfo;
  server = await startTestServer({ settings: { otlp_endpoint: `http://127.0.0.1:${port}/`, otlp_trace_one_in } });
  return server.base;
}

const call = (base: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${base}/MetaService/get_version`, { method: 'POST', body: '{"cloud_unique_id":"x"}', headers }).then((one) =>
    one.text(),
  );

test('calls are part of the traces of their callers, as far as those are recorded', async () => {
  const base = await serve(0);
  await call(base, { traceparent: `00-${TRACE}-${PARENT}-01`, 'x-request-id': 'r1' });
  await call(base, { traceparent: `00-${TRACE}-${PARENT}-00` });
  await call(base, { traceparent: 'none' });
  await call(base);
  const client = new RawGrpc(base);
  const message = toBinary(GetVersionRequestSchema, create(GetVersionRequestSchema, { cloudUniqueId: 'x' }));
  await client.call(frame(message), { traceparent: `00-${TRACE}-${PARENT}-01` });
  client.close();
  await server?.stop();
  server = undefined;
  expect(spans).toHaveLength(2);
  for (const { traceId, parentSpanId, spanId, name, startTimeUnixNano, endTimeUnixNano } of spans) {
    expect({ traceId, parentSpanId, name }).toEqual({
      ...{ traceId: TRACE, parentSpanId: PARENT, name: 'doris.cloud.MetaService/get_version' },
    });
    expect(spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
    expect(Math.abs(Number(BigInt(startTimeUnixNano) / 1_000_000n) - Date.now())).toBeLessThan(3_600_000);
  }
  const attributes = Object.fromEntries((spans[0]?.attributes ?? []).map(({ key, value }) => [key, value]));
  expect(attributes).toMatchObject({
    'rpc.method': { stringValue: 'get_version' },
    'nereus.request_id': { stringValue: 'r1' },
    'nereus.code': { stringValue: 'INVALID_ARGUMENT' },
    'nereus.commit_ms': { doubleValue: 0 },
  });
});

test('of calls without a trace, one in so many begins one', async () => {
  const base = await serve(3);
  for (let i = 0; i < 9; i++) await call(base);
  await server?.stop();
  server = undefined;
  expect(spans).toHaveLength(3);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(3);
  expect(spans.every(({ parentSpanId }) => parentSpanId === undefined)).toBe(true);
});

test('a collector that refuses costs spans, which are counted, and no call', async () => {
  status = 503;
  const base = await serve(1);
  for (let i = 0; i < 5; i++) expect(await call(base)).toContain('INVALID_ARGUMENT');
  const dropped = async () => (await scrape(base)).sum('nereus_trace_spans_total', { outcome: 'dropped' });
  await expect.poll(dropped, { timeout: 20_000 }).toBeGreaterThanOrEqual(5);
  expect((await scrape(base)).sum('nereus_trace_spans_total', { outcome: 'sent' })).toBe(0);
});
