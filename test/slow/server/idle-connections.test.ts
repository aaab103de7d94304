import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { overBaiduStd } from '../../conformance/transports/baidu-std.ts';
import { overGrpc } from '../../conformance/transports/grpc.ts';
import { makeDir, type SpawnedServer, spawnServer } from '../../support/run-server.ts';

const CONNECTIONS = 10_000;
const AT_A_TIME = 100;
const MOST_MIB = 200;

let dir: string;
let server: SpawnedServer;
const closers: (() => void)[] = [];
beforeEach(async () => {
  dir = await makeDir();
  server = spawnServer(['--listen', '127.0.0.1:0', '--data-dir', dir, '--max-connections', `${2 * CONNECTIONS}`]);
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  server.child.kill('SIGKILL');
  await server.exited;
  await rm(dir, { recursive: true });
});

/** The most files that a process may have open here: node raises its limit to that by itself. */
const most_files = Number(/^Max open files +\d+ +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
const has_files = most_files > CONNECTIONS + 1_000;
if (!has_files) console.log(`skipped: this machine lets a process have only ${most_files} files open`);

/** Opens a connection, makes a call on it, and leaves it open. */
type Open = (port: number) => Promise<void>;

const byHttp: Open = (port) => {
  const agent = new Agent({ keepAlive: true });
  closers.push(() => agent.destroy());
  return new Promise((resolve, reject) => {
    const sent = request({ agent, host: '127.0.0.1', port, path: '/MetaService/get_version' }, (response) => {
      response.resume().on('end', resolve);
    });
    sent.on('error', reject).end();
  });
};

const byBaiduStd: Open = async (port) => {
  const transport = await overBaiduStd(port);
  closers.push(() => transport.close());
  await transport.call('get_version', new Uint8Array());
};

const byGrpc: Open = async (port) => {
  const transport = await overGrpc(port);
  closers.push(() => transport.close());
  await transport.call('get_version', new Uint8Array());
};

function residentMiB(): number {
  const status = readFileSync(`/proc/${server.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

// A session of HTTP/2 has 16 KiB of output buffer within nghttp2 from its beginning on, so frontends are the costly ones.
// There are few of them.
test.skipIf(!has_files).each([
  ['HTTP', () => byHttp],
  ['baidu_std', () => byBaiduStd],
  ['one in five by gRPC, the others by baidu_std', (i: number) => (i % 5 === 0 ? byGrpc : byBaiduStd)],
] as const)('10,000 idle connections by %s cost less than 200 MiB', async (name, openerOf) => {
  const port = Number(new URL(await server.base()).port);
  const before_mib = residentMiB();
  for (let opened = 0; opened < CONNECTIONS; opened += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, (_, i) => openerOf(i)(port)));
  }
  const cost_mib = residentMiB() - before_mib;
  console.log(`10,000 idle connections by ${name}: ${cost_mib.toFixed(0)} MiB`);
  expect(cost_mib).toBeLessThan(MOST_MIB);
});
