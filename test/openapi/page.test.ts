import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { describeApi } from '../../src/openapi/describe-api.ts';
import { startTestServer, type TestServer, type TestServerOptions } from '../support/run-server.ts';

let server: TestServer | undefined;
afterEach(() => server?.stop());

async function serve(settings: TestServerOptions['settings'] = {}) {
  server = await startTestServer({ settings });
  const { base } = server;
  return (path: string, init?: RequestInit) => fetch(`${base}${path}`, init);
}

const TYPES = {
  '/api': 'text/html; charset=utf-8',
  '/api/': 'text/html; charset=utf-8',
  '/api/page.js': 'text/javascript; charset=utf-8',
  '/api/page.css': 'text/css; charset=utf-8',
  '/api/openapi.json': 'application/json',
  '/api/swagger-ui.css': 'text/css; charset=utf-8',
  '/api/swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};

test('each file comes as what it is, may ask nobody else, and is sent again only when it has changed', async () => {
  const get = await serve();
  for (const [path, type] of Object.entries(TYPES)) {
    const first = await get(path);
    expect(first.status, path).toBe(200);
    expect(first.headers.get('content-type'), path).toBe(type);
    expect(first.headers.get('content-security-policy'), path).toMatch(/default-src 'none'; script-src 'self';/);
    expect(first.headers.get('content-security-policy'), path).not.toMatch(/http|\*|unsafe/);
    expect(first.headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(first.headers.get('access-control-allow-origin'), path).toBeNull();
    expect((await first.arrayBuffer()).byteLength, path).toBeGreaterThan(10);
    const etag = first.headers.get('etag') ?? '';
    const again = await get(path, { headers: { 'if-none-match': `"another", W/${etag}` } });
    expect([again.status, await again.text(), again.headers.get('etag')], path).toEqual([304, '', etag]);
    const changed = await get(path, { headers: { 'if-none-match': '"another"' } });
    expect(changed.status, path).toBe(200);
    await changed.arrayBuffer();
  }
  const html = await (await get('/api')).text();
  // What it names is served, and nothing else is named.
  const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
  expect(named.filter((path) => path !== 'data:,' && !Object.hasOwn(TYPES, path))).toEqual([]);
});

test('nothing else is served, whatever the path looks like', async () => {
  const get = await serve();
  const paths = [
    ...['package.json', 'swagger-ui.js', '../package.json', '..%2fpackage.json', '%2e%2e/package.json'],
    ...['swagger-ui-dist/package.json', '..\\package.json', 'constructor', '__proto__', 'page.js%00', 'x/page.html'],
  ];
  for (const path of paths) {
    expect(await statusOf(`/api/${path}`), path).toBe(404);
  }
  const answer = await get('/api/nothing');
  expect(await answer.text()).toMatch(/^there are \/api, .*\/api\/openapi.json/);
  const posted = await get('/api/openapi.json', { method: 'POST', body: '{}' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('the description is that of this service, by its settings and its version', async () => {
  const settings = { admin_rules: 'reference', role: 'meta-service', metrics_access: 'token' } as const;
  const get = await serve(settings);
  const said = await (await get('/api/openapi.json')).json();
  expect(said).toEqual(JSON.parse(JSON.stringify(describeApi({ version: 'test', ...settings }))));
});

test('it can be switched off', async () => {
  const get = await serve({ api_page: false });
  for (const path of ['/api', '/api/openapi.json']) {
    const answer = await get(path);
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('api_page = false')]);
  }
  expect((await get('/health')).status).toBe(200);
});

/** As it is asked for by whoever doesn't tidy the path before. */
function statusOf(path: string): Promise<number | undefined> {
  const { port } = new URL(server?.base ?? '');
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .once('error', reject)
      .end();
  });
}
