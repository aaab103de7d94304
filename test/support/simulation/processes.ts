import type { SpawnedServer } from '../run-server.ts';

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

interface LogLine {
  readonly level?: string;
  readonly msg?: string;
}

function linesOf(server: SpawnedServer): LogLine[] {
  const lines = server.output().stdout.split('\n');
  return lines.filter((line) => line.startsWith('{') && line.endsWith('}')).map((line) => JSON.parse(line));
}
