// Compiles src/, bench/ and the programs that tests run as child processes to dist/.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

export function build() {
  compile('tsconfig.build.json');
}

/** Compiles as one of the repository's tsconfig files says, with more flags of the compiler behind it. */
export function compile(project, ...flags) {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '--project', join(root, project), ...flags], {
    stdio: 'inherit',
  });
  // The compiler has said what is wrong.
  if (status !== 0) process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) build();
