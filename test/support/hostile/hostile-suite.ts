import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSeed } from '../random.ts';
import type { ArsenalName } from './arsenals.ts';
import { inviteNeighbours, type NeighbourReport, settleNeighbours } from './neighbours.ts';
import type { Held } from './probe.ts';
import { type ProbedServer, startProbedServer } from './probed-server.ts';
import type { AttackReport } from './run-attacks.ts';

export interface HostileSuiteOptions {
  readonly protocol: ArsenalName;
  readonly frames: number;
  /** How many come before, so that what is made once is made, and memory can be compared. 0 compares none. */
  readonly warm_up_frames: number;
}

/** The limits are those of every service, but nobody wants to wait for its timeouts. */
const SHORT_TIMEOUTS = [
  ...['--headers-timeout-ms', '1000', '--request-timeout-ms', '1500', '--send-timeout-ms', '1500'],
  ...['--brpc-idle-timeout-sec', '4'],
];
/** By then, the service has closed what is left to it: by a timeout, and some seconds in which the peer may still read. */
const SETTLE_MS = 20_000;
/** How long a neighbour may have to wait for an answer. */
const MOST_WAIT_MS = 5_000;
const MOST_GROWTH = 1.1;
/** What the C library keeps of what was freed, for the next time, differs from run to run. Less than that is not looked at. */
const KEPT_BYTES = 256 * 1024 * 1024;

const ATTACK_PROCESS = fileURLToPath(new URL('../../../dist/test/support/hostile/attack-process.js', import.meta.url));

/** What the system tells of a process can be read on Linux alone. */
const describeOnLinux = describe.skipIf(process.platform !== 'linux');

/**
 * Tests that a service under attack serves its other clients as if nothing were, and holds no more afterwards than before.
 * The attacker sends from a process of its own, and closes none of the connections on which it waits.
 */
export function hostileSuite({ protocol, frames, warm_up_frames }: HostileSuiteOptions): void {
  const seed = newSeed();

  describeOnLinux(`${frames} hostile frames of ${protocol}`, () => {
    let server: ProbedServer;
    beforeAll(async () => {
      server = await startProbedServer(SHORT_TIMEOUTS, protocol === 'tls');
      await settleNeighbours(server);
    });
    afterAll(() => server.stop());

    test('harm nobody, and leave nothing behind', async () => {
      const before = warm_up_frames > 0 ? (await attack(server, protocol, seed + 1, warm_up_frames)).held : undefined;
      const { report, neighbours, held } = await attack(server, protocol, seed, frames);
      process.stdout.write(summary(protocol, report, neighbours, before, held));

      expect(neighbours.failures.slice(0, 5), `TEST_SEED=${seed}`).toEqual([]);
      expect(neighbours.max_ms).toBeLessThan(MOST_WAIT_MS);
      expect(server.complaints()).toEqual([]);
      expect(held).toMatchObject({ connections: 0, in_flight: 0, buffered_bytes: 0 });
      expect(report.frames).toBeGreaterThanOrEqual(frames);
      if (before !== undefined) expectNoMore(held, before);
      expect(await server.stop()).toBe(0);
    });
  });
}

interface Aftermath {
  readonly report: AttackReport;
  readonly neighbours: NeighbourReport;
  /** What the service holds when all is over. */
  readonly held: Held;
}

async function attack(server: ProbedServer, protocol: ArsenalName, seed: number, frames: number): Promise<Aftermath> {
  const neighbours = await inviteNeighbours(server);
  const attacker = fork(ATTACK_PROCESS, [protocol, server.port, seed, frames].map(String), { execArgv: [] });
  try {
    const report = await reportOf(attacker);
    const told = await neighbours.leave();
    return { report, neighbours: told, held: await server.heldWhenIdle(SETTLE_MS) };
  } finally {
    attacker.disconnect();
    await once(attacker, 'exit');
  }
}

async function reportOf(attacker: ChildProcess): Promise<AttackReport> {
  const ended = once(attacker, 'exit').then(([code]) => Promise.reject(new Error(`the attacker ended with ${code}`)));
  ended.catch(() => undefined);
  const [report] = await Promise.race([once(attacker, 'message'), ended]);
  return report as AttackReport;
}

function expectNoMore(held: Held, before: Held): void {
  expect(held.open_files).toBeLessThanOrEqual(before.open_files);
  expect(held.heap_bytes / before.heap_bytes).toBeLessThan(MOST_GROWTH);
  expect(held.resident_bytes).toBeLessThan(Math.max(KEPT_BYTES, before.resident_bytes * MOST_GROWTH));
}

const MIB = 1024 * 1024;

function summary(
  protocol: string,
  { frames, connections, attacks }: AttackReport,
  { calls, failures, p50_ms, p99_ms, max_ms }: NeighbourReport,
  before: Held | undefined,
  after: Held,
): string {
  const ms = (time: number) => `${time.toFixed(1)} ms`;
  const mib = (bytes: number) => (bytes / MIB).toFixed(1);
  const memory = (one: Held) => `heap ${mib(one.heap_bytes)} MiB, resident ${mib(one.resident_bytes)} MiB`;
  return [
    `${protocol}: ${frames} hostile frames on ${connections} connections`,
    `  ${Object.entries(attacks)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    `  neighbours: ${calls} calls, ${failures.length} failed; p50 ${ms(p50_ms)}, p99 ${ms(p99_ms)}, max ${ms(max_ms)}`,
    ...(before === undefined ? [] : [`  before: ${memory(before)}, ${before.open_files} open files`]),
    `  after: ${memory(after)}, ${after.open_files} open files`,
    '',
  ].join('\n');
}
