import { expect, test } from 'vitest';
import { loadPackage } from './package.ts';

/** What Node.js says when the package is not there, and when its native part can't be loaded. */
const FAILURES: readonly (readonly [why: string, error: Error, advice: RegExp])[] = [
  [
    'there is no such package',
    Object.assign(new Error("Cannot find package 'foundationdb' imported from /x.js"), {
      code: 'ERR_MODULE_NOT_FOUND',
    }),
    /^The npm package foundationdb is not installed; in the folder of Nereus, run: npm install --no-save --ignore-scripts foundationdb@2\.0\.1$/,
  ],
  [
    'the client library is missing',
    Object.assign(new Error('libfdb_c.so: cannot open shared object file: No such file or directory'), {
      code: 'ERR_DLOPEN_FAILED',
    }),
    /^The FoundationDB client library is missing \(libfdb_c\.so: .*\); install the client package of FoundationDB 7\.2 or newer/,
  ],
  [
    'there is no build for this machine',
    new Error('No native build was found for platform=linux arch=arm64 runtime=node'),
    /can't be loaded on this machine \(No native build .*a compiler and the FoundationDB client package/,
  ],
];

test.each(FAILURES)('where %s, the error says what to install', async (_why, error, advice) => {
  const loading = loadPackage(() => Promise.reject(error));
  await expect(loading).rejects.toMatchObject({
    code: 'storage',
    cause: error,
    message: expect.stringMatching(advice),
  });
});

test('the package is what the module exports by default', async () => {
  const fdb = { open: () => undefined };
  expect(await loadPackage(async () => ({ default: fdb }))).toBe(fdb);
});
