import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { loggerTo } from '../support/logger-to.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../support/run-server.ts';

let server: TestServer | undefined;
const sockets: Socket[] = [];
const log: string[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.stop();
  server = undefined;
  log.length = 0;
});

async function start(settings: NonNullable<TestServerOptions['settings']> = {}): Promise<TestServer> {
  const logger = loggerTo((line) => log.push(line), 'info');
  server = await startTestServer({ settings, logger });
  return server;
}

/** A connection, and all that came on it once it has been closed. */
function open(at: TestServer): { readonly socket: Socket; readonly closed: Promise<string> } {
  const { hostname, port } = new URL(at.base);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  const closed = new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
  return { socket, closed };
}

const REQUEST = 'GET /health HTTP/1.1\r\nconnection: close\r\n\r\n';

describe('a new connection', () => {
  test('is answered by HTTP/1 when its first request comes whole, a byte at a time, or with its end', async () => {
    const at = await start();
    const whole = open(at);
    whole.socket.write(REQUEST);
    const withEnd = open(at);
    withEnd.socket.end(REQUEST);
    const bytewise = open(at);
    bytewise.socket.setNoDelay(true);
    for (const byte of 'PROPFIND /health HTTP/1.1\r\nconnection: close\r\n\r\n') {
      bytewise.socket.write(byte);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const { closed } of [whole, withEnd, bytewise]) expect(await closed).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  test('is closed with a line in the log when it says nothing, or not enough, in time', async () => {
    const at = await start({ headers_timeout_ms: 200 });
    const silent = open(at);
    expect(await silent.closed).toBe('');
    const undecided = open(at);
    undecided.socket.write('PR');
    expect(await undecided.closed).toBe('');
    const closed = log.filter((line) => line.includes('a connection was closed before it made a call'));
    expect(closed).toHaveLength(1);
    expect(closed[0]).toContain('said nothing within 200 ms');
  });

  test('is closed with a line in the log when it speaks something else', async () => {
    const at = await start();
    const tls = open(at);
    tls.socket.write(Buffer.from('1603010200010001fc0303', 'hex'));
    expect(await tls.closed).toBe('');
    expect(log.join('')).toContain('it began TLS');
  });

  test('may end without a word', async () => {
    const at = await start();
    const probe = open(at);
    probe.socket.end();
    expect(await probe.closed).toBe('');
    expect(log.filter((line) => line.includes('"level":"warn"') && line.includes('connection'))).toEqual([]);
  });

  test('that has said nothing does not hold up a stop', async () => {
    const at = await start({ drain_timeout_ms: 60_000 });
    const silent = open(at);
    await new Promise((resolve) => silent.socket.once('connect', resolve));
    server = undefined;
    await at.stop();
    expect(await silent.closed).toBe('');
  });
});
