import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface BenchServer {
  readonly port: number;
  /** What it has in memory, with the processes that it has started. */
  residentMiB(): number;
  stop(): Promise<void>;
}

const DIST = join(import.meta.dirname, '../..');

/** The service as a process of its own, on the embedded store below `dir`. */
export async function startService(dir: string, ...flags: string[]): Promise<BenchServer> {
  const program = join(DIST, 'src/main.js');
  const args = [program, '--listen', '127.0.0.1:0', '--data-dir', join(dir, 'data'), ...flags];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await portIn(child, (line) => {
    const { msg, address } = JSON.parse(line) as { msg?: string; address?: string };
    return msg === 'serving' ? Number(address?.split(':').at(-1)) : undefined;
  });
  return stoppable(child, port);
}

/** A bare server, by its path below the root of what was built, that answers every request with what is put into `file`. */
export async function startBare(program: string, file: string, answer: string | Buffer): Promise<BenchServer> {
  writeFileSync(file, answer);
  const child = spawn(process.execPath, [join(DIST, program), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  return stoppable(child, await portIn(child, Number));
}

async function portIn(child: ChildProcess, find: (line: string) => number | undefined): Promise<number> {
  if (!child.stdout) throw new Error('a server of the bench has no output');
  for await (const line of createInterface(child.stdout)) {
    const port = find(line);
    if (port === undefined) continue;
    child.stdout.resume();
    return port;
  }
  throw new Error('a server of the bench ended before it served');
}

function stoppable(child: ChildProcess, port: number): BenchServer {
  return {
    port,
    residentMiB: () => residentMiB(child.pid ?? 0),
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function residentMiB(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
  const own_kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return children.map(Number).reduce((sum, child) => sum + residentMiB(child), Number(own_kib) / 1024);
}
