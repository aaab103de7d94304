import { type ChildProcess, fork, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Starts one of the compiled programs of this folder; `npm run build` makes them. */
export function forkProgram(
  name: string,
  args: readonly string[],
  stdio: StdioOptions = ['ignore', 'inherit', 'inherit', 'ipc'],
): ChildProcess {
  return fork(programPath(name), [...args], { stdio, execArgv: [] });
}

/** Where the compiled program lies. Throws when it was not built. */
export function programPath(name: string): string {
  const path = fileURLToPath(new URL(`../../../dist/test/support/kv/${name}.js`, import.meta.url));
  if (!existsSync(path)) {
    throw new Error(`${path} is not there: run "npm run build" first.`);
  }
  return path;
}
