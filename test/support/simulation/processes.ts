import { setTimeout as sleep } from 'node:timers/promises';
import type { SpawnedServer } from '../run-server.ts';

const PAUSE_MS = 5;
const MOST_MS = 30_000;

/** The process ids of all workers that a service has had so far; none where it is one process. */
export function workersOf(server: SpawnedServer): number[] {
  return linesOf(server)
    .filter(({ msg }) => msg === 'worker ready')
    .map(({ pid }) => Number(pid));
}

/** What a service has logged as errors, but for workers that were killed by a test. */
export function errorsOf(server: SpawnedServer): string[] {
  const errors = linesOf(server).filter(({ level }) => level === 'error' || level === 'fatal');
  return errors.filter(({ msg }) => msg !== 'a worker ended by SIGKILL').map((line) => JSON.stringify(line));
}

/** Whether a process is there, and has not ended. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until something is so. Throws when that takes far longer than it can. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const end_ms = performance.now() + MOST_MS;
  while (!isSo()) {
    if (performance.now() > end_ms) throw new Error(`not in ${MOST_MS} ms: ${what}`);
    await sleep(PAUSE_MS);
  }
}

interface LogLine {
  readonly level?: string;
  readonly msg?: string;
  readonly pid?: number;
}

function linesOf(server: SpawnedServer): LogLine[] {
  const lines = server.output().stdout.split('\n');
  return lines.filter((line) => line.startsWith('{') && line.endsWith('}')).map((line) => JSON.parse(line));
}
