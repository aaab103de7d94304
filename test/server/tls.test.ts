import { unlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loggerTo } from '../support/logger-to.ts';
import { makeDir, startTestServer, type TestServer } from '../support/run-server.ts';
import { LOCALHOST, RENEWED } from '../support/test-certificates.ts';

let dir: string;
let server: TestServer | undefined;
let log: string[];
beforeEach(async () => {
  dir = await makeDir();
  log = [];
  writeFileSync(file('cert.pem'), LOCALHOST.cert);
  writeFileSync(file('key.pem'), LOCALHOST.key);
});
afterEach(async () => {
  vi.useRealTimers();
  await server?.stop();
  server = undefined;
  await rm(dir, { recursive: true });
});

const file = (name: string) => join(dir, name);

async function start(settings = {}): Promise<number> {
  const tls = { tls_cert: file('cert.pem'), tls_key: file('key.pem') };
  server = await startTestServer({
    settings: { ...tls, ...settings },
    logger: loggerTo((line) => void log.push(line), 'info'),
    dir: file('data'),
  });
  return Number(new URL(server.base).port);
}

function get(port: number, path: string): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, ca: LOCALHOST.cert, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.on('error', reject).end();
  });
}

function shake(port: number, ALPNProtocols: string[] = []): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols }, () =>
      resolve(socket),
    );
    socket.on('error', reject);
  });
}

describe('a port with TLS', () => {
  test('answers HTTP inside of it', async () => {
    const port = await start();
    expect(await get(port, '/health')).toEqual({ status: 200, text: '{"status":"serving"}\n' });
  });

  test.each([
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [[], false],
  ])('agrees with a client that offers %j on %s', async (offered, agreed) => {
    const socket = await shake(await start(), offered);
    expect(socket.alpnProtocol).toBe(agreed);
    socket.destroy();
  });

  test('closes connections that begin without it, with a line in the log', async () => {
    const port = await start();
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.write('GET /health HTTP/1.1\r\n\r\n');
    await closed;
    expect(log.join('')).toContain('a connection was closed since its TLS handshake failed');
  });

  test('closes connections whose handshake takes too long, and waits for none when it stops', async () => {
    const port = await start({ headers_timeout_ms: 200 });
    const slow = connectTcp(port, '127.0.0.1');
    slow.on('error', () => undefined);
    await new Promise((resolve) => slow.once('close', resolve));
    await server?.stop();
    const again = await start({ drain_timeout_ms: 60_000 });
    const silent = connectTcp(again, '127.0.0.1');
    await new Promise((resolve) => silent.once('connect', resolve));
    const closed = new Promise((resolve) => silent.on('error', () => undefined).once('close', resolve));
    await server?.stop();
    server = undefined;
    await closed;
  });

  test('gives new connections a certificate that was renewed, and keeps the old one as long as the new one can not be used', async () => {
    vi.useFakeTimers({ toFake: ['setInterval'] });
    const port = await start();
    const nameOf = async () => {
      const socket = await shake(port);
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN;
    };
    expect(await nameOf()).toBe('localhost');
    writeFileSync(file('cert.pem'), RENEWED.cert);
    vi.advanceTimersByTime(10_000);
    expect(await nameOf()).toBe('localhost');
    expect(log.join('')).toContain('the one before it stays');
    unlinkSync(file('key.pem'));
    vi.advanceTimersByTime(60_000);
    // Once for the wrong one, once for none.
    expect(log.filter((line) => line.includes('the one before it stays'))).toHaveLength(2);
    writeFileSync(file('key.pem'), RENEWED.key);
    vi.advanceTimersByTime(10_000);
    expect(await nameOf()).toBe('renewed');
    expect(log.join('')).not.toContain('PRIVATE');
  });

  test('is not opened with a certificate that can not be used', async () => {
    await expect(start({ tls_key: file('missing.pem') })).rejects.toThrow(
      /^tls_key .*missing\.pem can't be read: ENOENT$/,
    );
    writeFileSync(file('key.pem'), 'no key');
    await expect(start()).rejects.toThrow(/^tls_cert .* and tls_key .* can't be used together: /);
    writeFileSync(file('key.pem'), RENEWED.key);
    await expect(start()).rejects.toThrow(/can't be used together/);
  });
});
