import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HttpHandler } from '../../src/admin/http-types.ts';
import { readFlags } from '../../src/config/flags.ts';
import { loadSettings } from '../../src/config/load.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { Store } from '../../src/kv/store.ts';
import { RpcFault } from '../../src/net/rpc-fault.ts';
import { type Logger, SILENT } from '../../src/observe/logger.ts';
import { startServer } from '../../src/server/server.ts';
import type { CreateServices } from '../../src/server/service.ts';
import type { Services } from '../../src/server/services.ts';

export interface TestServerOptions {
  /** Flags besides `--listen` and `--data-dir`. */
  readonly args?: readonly string[];
  readonly settings?: Partial<Settings>;
  /** A directory to use and to leave in place; without it, a new one that `stop` removes. */
  readonly dir?: string;
  readonly logger?: Logger;
  /** The whole service, unless a test wants less. */
  readonly createServices?: CreateServices;
  /** What answers calls in place of the whole service. */
  readonly createHandler?: (store: Store) => HttpHandler | Promise<HttpHandler>;
}

export interface TestServer {
  /** `http://127.0.0.1:PORT` */
  readonly base: string;
  readonly token: string;
  readonly dir: string;
  /** Drains and stops the server, and removes its directory unless the test gave it. */
  stop(): Promise<void>;
}

/** No methods at all. */
const NO_RPC: Services['rpc'] = {
  find: (service) => {
    throw new RpcFault('no_service', `Fail to find service=${service}`);
  },
  call: () => Promise.reject(new Error('there is nothing to call')),
};

/** The recycler does nothing by itself here, unless a test wants it to: what a store holds is what its calls have made of it. */
const ENVIRONMENT = { NEREUS_RECYCLER_SLEEP_BEFORE_SCHEDULING_SECONDS: '86400' };

/** Runs the whole server in this process, on a free port and a store of its own. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dir = options.dir ?? (await makeDir());
  const flags = readFlags(['--listen', '127.0.0.1:0', '--data-dir', dir, ...(options.args ?? [])]);
  const settings = { ...loadSettings(flags, ENVIRONMENT).settings, ...options.settings };
  const remove = async () => {
    if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
  };
  try {
    const { logger = SILENT, createHandler } = options;
    const createServices: CreateServices | undefined = createHandler
      ? async ({ store }) => ({
          handler: await createHandler(store),
          rpc: NO_RPC,
          descs: [],
          serving: () => undefined,
          drain: () => undefined,
          stop: async () => undefined,
        })
      : options.createServices;
    const server = await startServer({ settings, logger, version: 'test', ...(createServices && { createServices }) });
    const stop = async () => {
      await server.stop();
      await remove();
    };
    return { base: `http://${server.address}`, token: settings.http_token, dir, stop };
  } catch (error) {
    await remove();
    throw error;
  }
}

export interface SpawnedServer {
  readonly child: ChildProcess;
  /** What it has written so far. */
  output(): { readonly stdout: string; readonly stderr: string };
  /** The exit code, or the signal that ended it, once all of its output is here. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** `http://127.0.0.1:PORT`, once it serves. Rejects when it ends before. */
  base(): Promise<string>;
}

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

/**
 * Runs the program itself, as built into dist/ or from elsewhere, in a process of its own. Without an environment it gets an empty one.
 * The test ends it; when a test fails before, it is killed as this process exits.
 */
export function spawnServer(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  program = MAIN,
): SpawnedServer {
  if (!existsSync(program)) throw new Error(`${program} is missing: run npm run build first`);
  const child = spawn(process.execPath, [program, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);

  let stdout = '';
  let stderr = '';
  let wake: (() => void)[] = [];
  const notify = () => {
    for (const waiter of wake) waiter();
    wake = [];
  };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    notify();
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  let ended = false;
  const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', killWithUs);
      ended = true;
      notify();
      resolve(code ?? signal ?? 'SIGKILL');
    });
  });
  const base = async () => {
    for (;;) {
      const line = stdout.split('\n').find((one) => one.includes('"msg":"serving"') && one.endsWith('}'));
      if (line !== undefined) return `http://${JSON.parse(line).address}`;
      if (ended) throw new Error(`the server ended before it served:\n${stdout}${stderr}`);
      await new Promise<void>((resolve) => wake.push(resolve));
    }
  };
  return { child, output: () => ({ stdout, stderr }), exited, base };
}

/** A new directory for one test. */
export function makeDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'nereus-test-'));
}

/** The lines that a server has logged so far with a message, whichever of its processes did. */
export function logged(server: SpawnedServer, message: RegExp): Record<string, unknown>[] {
  const lines = server
    .output()
    .stdout.split('\n')
    .filter((line) => line.endsWith('}'));
  return lines.map((line) => JSON.parse(line)).filter(({ msg }) => message.test(msg));
}

/** The process ids of all of its workers so far. */
export const workersOf = (server: SpawnedServer) => logged(server, /^worker ready$/).map(({ pid }) => Number(pid));

/** The process id of one of its workers, once that is ready. */
export async function oneWorkerOf(server: SpawnedServer): Promise<number> {
  for (;;) {
    const [pid] = workersOf(server);
    if (pid !== undefined) return pid;
    await sleep(10);
  }
}
