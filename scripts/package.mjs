// `npm run package -- DIR`: the program alone, as it is run in production: what it was compiled to, and the packages that it needs.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compile } from './build.mjs';
import { setup } from './setup.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [dir, ...rest] = process.argv.slice(2);

if (dir === undefined || rest.length > 0) {
  console.error('Say where to: npm run package -- DIR');
  process.exit(2);
}
const target = resolve(dir);
if (existsSync(target) && readdirSync(target).length > 0) {
  console.error(`${target} is not empty; give a folder that is not there yet.`);
  process.exit(2);
}

setup();
mkdirSync(target, { recursive: true });
compile('tsconfig.package.json', '--outDir', join(target, 'dist'));
for (const file of ['package.json', 'package-lock.json', 'LICENSE', 'NOTICE'])
  cpSync(join(root, file), join(target, file));
execFileSync('npm', ['ci', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
  cwd: target,
  stdio: ['ignore', 'ignore', 'inherit'],
  shell: process.platform === 'win32',
});
await leaveOutOtherBuilds();
// It can be linked to as `nereus` from a folder of the PATH.
const program = join(target, 'dist/src/main.js');
chmodSync(program, 0o755);
console.error(`Start it with: node ${program}`);

// The package of the page at /api has its program in several forms, with maps of them: five sixths of it are never served.
async function leaveOutOtherBuilds() {
  const served = await import(pathToFileURL(join(target, 'dist/src/openapi/swagger-ui-files.js')).href);
  const kept = new Set(['package.json', 'LICENSE', 'NOTICE']);
  for (const { name } of served.SWAGGER_UI_FILES) kept.add(name).add(`${name}.LICENSE.txt`);
  const packages = join(target, 'node_modules');
  for (const name of readdirSync(join(packages, served.SWAGGER_UI)))
    if (!kept.has(name)) rmSync(join(packages, served.SWAGGER_UI, name));
  // It counts installations, for which its script would have to run; here it is but dead weight.
  rmSync(join(packages, '@scarf'), { recursive: true, force: true });
}
