import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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

describeOnEngines('a transport', (engine) => {
  describe.each(TRANSPORTS)('%s', (_, connect) => {
    let server: TestServer;
    let transport: ReturnType<typeof counted>;
    beforeAll(async () => {
      server = await serveOn(engine);
      transport = counted(await connect(Number(new URL(server.base).port)));
    });
    afterAll(async () => {
      transport.close();
      await server.stop();
    });

    // A test for each suite, so that each has its time: all together take long where a machine is busy.
    test.each(suites)('answers what was recorded as JSON: $name', async (suite) => {
      expect(await replay(suite, server, { transport })).toEqual([]);
    });

    test('made the calls itself', () => expect(transport.calls).toBeGreaterThan(2_000));
  });
});
