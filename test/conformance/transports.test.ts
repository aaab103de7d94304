import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { describeOnEngines, serveOn } from '../support/kv/engines.ts';
import type { TestServer } from '../support/run-server.ts';
import { replay } from './replay.ts';
import { readSuites } from './suite.ts';
import type { Transport } from './transports/transport.ts';
import { TRANSPORTS } from './transports/transports.ts';

const suites = ['reference/control', 'reference/data'].flatMap((folder) =>
  readSuites(join(import.meta.dirname, 'suites', folder)),
);

/** A transport that counts its calls. */
function counted(transport: Transport): Transport & { calls: number } {
  const counting = {
    calls: 0,
    call: (method: string, request: Uint8Array) => {
      counting.calls++;
      return transport.call(method, request);
    },
    close: () => transport.close(),
  };
  return counting;
}

let server: TestServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

describeOnEngines('a transport', (engine) => {
  test.each(TRANSPORTS)('%s answers what was recorded as JSON', async (_, connect) => {
    server = await serveOn(engine);
    const transport = counted(await connect(Number(new URL(server.base).port)));
    try {
      for (const suite of suites) expect(await replay(suite, server, { transport }), suite.name).toEqual([]);
    } finally {
      transport.close();
    }
    expect(transport.calls).toBeGreaterThan(2_000);
  });
});
