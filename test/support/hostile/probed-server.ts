import { writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDir, type SpawnedServer, spawnServer } from '../run-server.ts';
import { LOCALHOST } from '../test-certificates.ts';
import type { Held } from './probe.ts';

/** Where an attack goes. */
export interface Target {
  readonly port: number;
  readonly tls: boolean;
}

/** The server in a process of its own that tells what it holds. */
export interface ProbedServer extends Target {
  /** What the process holds once it holds no connections, no calls and no bytes of any, or still does after `patience_ms`. */
  heldWhenIdle(patience_ms: number): Promise<Held>;
  /** The lines of its log that tell of defects, and what it wrote beside the log. */
  complaints(): string[];
  /** Stops it in order. Resolves to its exit code, or the signal that ended it. */
  stop(): Promise<number | NodeJS.Signals>;
}

const PROBE = new URL('../../../dist/test/support/hostile/probe.js', import.meta.url);
const STATE = 'held: ';
const POLL_MS = 50;
const QUIET_MS = 500;

/** Starts the program as built into dist/, with some more arguments. */
export async function startProbedServer(args: readonly string[], tls: boolean): Promise<ProbedServer> {
  const dir = await makeDir();
  const server = spawnServer(
    ['--listen', '127.0.0.1:0', '--data-dir', join(dir, 'data'), ...args, ...(tls ? certificateArgs(dir) : [])],
    { NODE_OPTIONS: `--import=${PROBE}` },
  );
  const port = Number(new URL(await server.base()).port);
  return {
    port,
    tls,
    heldWhenIdle: (patience_ms) => heldWhenIdle(server, patience_ms),
    complaints: () => complaints(server),
    async stop() {
      server.child.kill('SIGTERM');
      const code = await server.exited;
      await rm(dir, { recursive: true, force: true });
      return code;
    },
  };
}

function certificateArgs(dir: string): string[] {
  const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
  writeFileSync(cert, LOCALHOST.cert);
  writeFileSync(key, LOCALHOST.key);
  return ['--tls-cert', cert, '--tls-key', key];
}

async function heldWhenIdle(server: SpawnedServer, patience_ms: number): Promise<Held> {
  const giveUp_ms = performance.now() + patience_ms;
  for (;;) {
    const { connections, in_flight, buffered_bytes } = await heldBy(server);
    const isIdle = connections + in_flight + buffered_bytes === 0;
    if (isIdle || performance.now() > giveUp_ms) break;
    await sleep(POLL_MS);
  }
  // What is freed in the background is free by then.
  await sleep(QUIET_MS);
  return heldBy(server);
}

async function heldBy(server: SpawnedServer): Promise<Held> {
  const before = states(server).length;
  server.child.kill('SIGUSR2');
  for (;;) {
    const now = states(server);
    if (now.length > before) return JSON.parse(now.at(-1)?.slice(STATE.length) ?? '') as Held;
    if (server.child.exitCode !== null || server.child.signalCode !== null) throw new Error(lastWords(server));
    await sleep(1);
  }
}

const states = (server: SpawnedServer) => wholeLines(server.output().stderr).filter((line) => line.startsWith(STATE));

function complaints(server: SpawnedServer): string[] {
  const { stdout, stderr } = server.output();
  const logged = wholeLines(stdout).filter((line) => /"level":"(error|fatal)"/.test(line));
  return [...logged, ...wholeLines(stderr).filter((line) => !line.startsWith(STATE))];
}

function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

function lastWords(server: SpawnedServer): string {
  const { stdout, stderr } = server.output();
  return `the server has ended: ${`${stdout}${stderr}`.slice(-2000)}`;
}
