import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { SILENT } from '../logger.ts';
import { type Span, SpanExporter } from './span-exporter.ts';

const SPAN: Span = {
  ...{ trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16), parent_id: undefined },
  ...{ name: 'n', began_ms: 1, ended_ms: 2, attributes: {}, failed: false },
};

/** A collector that takes what it is sent or, without a status, never answers. */
async function collector(status: number | undefined) {
  let batches = 0;
  const server = createServer((request, response) => {
    batches++;
    request.resume();
    if (status !== undefined) response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { exporter: new SpanExporter({ endpoint, version: 'test', logger: SILENT }), batches: () => batches, close };
}

test('spans go in batches, and what is more than may wait is dropped', async () => {
  const { exporter, batches, close } = await collector(200);
  for (let i = 0; i < 5_000; i++) exporter.add(SPAN);
  await exporter.stop();
  expect(exporter.counts).toEqual({ sent: 4_096, dropped: 904 });
  expect(batches()).toBe(8);
  exporter.add(SPAN);
  await exporter.stop();
  expect(exporter.counts.sent).toBe(4_097);
  close();
});

test('a collector that never answers does not hold up the end', async () => {
  const { exporter, close } = await collector(undefined);
  for (let i = 0; i < 5_000; i++) exporter.add(SPAN);
  await exporter.stop();
  expect(exporter.counts).toEqual({ sent: 0, dropped: 5_000 });
  close();
});

test('with nothing to send, nothing is sent', async () => {
  const { exporter, batches, close } = await collector(200);
  await exporter.stop();
  expect(batches()).toBe(0);
  close();
});
