import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeApi } from '../../../src/openapi/describe-api.ts';
import { launchBrowser, whyNoBrowser } from '../../support/browser.ts';
import { makeDir, type SpawnedServer, spawnServer } from '../../support/run-server.ts';
import { LOCALHOST } from '../../support/test-certificates.ts';

const TOKEN = 'a-token-of-our-own';
const PATIENCE_MS = 120_000;
const { paths } = describeApi({ version: 'test', admin_rules: 'document', role: 'all', metrics_access: 'open' });
const OPERATIONS = Object.values(paths).flatMap((item) => Object.keys(item)).length;
const obstacle = whyNoBrowser();

let dir: string;
let server: SpawnedServer | undefined;
let base: string;
let browser: Browser | undefined;

beforeAll(async () => {
  dir = await makeDir();
  if (obstacle !== undefined) return;
  writeFileSync(join(dir, 'cert.pem'), LOCALHOST.cert);
  writeFileSync(join(dir, 'key.pem'), LOCALHOST.key);
  const tls = ['--tls-cert', join(dir, 'cert.pem'), '--tls-key', join(dir, 'key.pem')];
  const store = ['--listen', '127.0.0.1:0', '--data-dir', join(dir, 'data'), '--workers', '2'];
  server = spawnServer([...store, ...tls], { NEREUS_HTTP_TOKEN: TOKEN });
  base = (await server.base()).replace('http:', 'https:');
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  server?.child.kill('SIGTERM');
  await server?.exited;
  rmSync(dir, { recursive: true, force: true });
});

/** What a page does that it should not, and what it asks for. */
interface Watched {
  readonly page: Page;
  readonly troubles: string[];
  readonly hosts: Set<string>;
}

async function openPage(viewport: { width: number; height: number }): Promise<Watched> {
  if (browser === undefined) throw new Error('there is no browser');
  const page = await browser.newPage({ viewport, ignoreHTTPSErrors: true });
  page.setDefaultTimeout(PATIENCE_MS);
  const troubles: string[] = [];
  const hosts = new Set<string>();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('request', (request) => hosts.add(new URL(request.url()).origin));
  await page.addInitScript(
    "document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => console.error('policy', violatedDirective, blockedURI))",
  );
  await page.goto(`${base}/api`);
  await page
    .locator('.opblock')
    .nth(OPERATIONS - 1)
    .waitFor();
  return { page, troubles, hosts };
}

async function authorize(page: Page, token: string): Promise<void> {
  await page.locator('.scheme-container button.authorize').click();
  const dialog = page.locator('.auth-container', { has: page.locator('#api_key_value') });
  await dialog.locator('#api_key_value').fill(token);
  await dialog.locator('button.authorize').click();
  // Where it has been typed, it is shown no more.
  await page.locator('.modal-ux', { hasText: '******' }).locator('button.close-modal').click();
}

/** Sends what the page has filled in for an operation, and resolves with the status and the text that it shows then. */
async function tryOut(operation: Locator): Promise<{ status: string; text: string }> {
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('button.execute').click();
  const answer = operation.locator('.live-responses-table tbody tr.response').first();
  const status = await answer.locator('.response-col_status').innerText();
  return { status: status.trim(), text: await answer.locator('.response-col_description').innerText() };
}

const operationNamed = (page: Page, topic: string, name: string) => page.locator(`#operations-${topic}-${name}`);

test('it lists the operations, takes a token, and shows what the service answers', async ({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  const { page, troubles, hosts } = await openPage({ width: 1280, height: 900 });
  expect(await page.locator('.opblock').count()).toBe(OPERATIONS);
  await authorize(page, TOKEN);

  const created = await tryOut(operationNamed(page, 'instances', 'create_instance'));
  expect(created.status).toBe('200');
  expect(created.text).toMatch(/"code": "OK"/);
  const form = operationNamed(page, 'instances', 'create_instance').locator('.opblock-section-request-body');
  await form
    .locator('.examples-select select')
    .selectOption({ label: 'With a storage vault on object storage (section 3.2.2 of the document)' });
  await expect.poll(() => form.locator('textarea').inputValue()).toContain('sample_bucket_name');
  await form.getByRole('tab', { name: 'Schema' }).click();
  await form.getByRole('button', { name: 'vault', exact: true }).click();
  await form.getByText('A storage vault, on object storage or on HDFS.').waitFor();
  const decoded = await tryOut(operationNamed(page, 'keys', 'decode_key'));
  expect(decoded.status).toBe('200');
  expect(decoded.text).toContain('2. regression_instance0');
  expect(await page.evaluate("fetch('/health').then((answer) => answer.json())")).toEqual({ status: 'serving' });

  expect(troubles).toEqual([]);
  expect([...hosts]).toEqual([base]);
  expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie]')).toEqual([0, 0, '']);
  expect(await page.evaluate('location.href + document.title')).not.toContain(TOKEN);
  await screenshot(page, 'wide');
  await page.close();
});

test('on a telephone nothing sticks out, and a wrong token is called one', async ({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  const { page, troubles, hosts } = await openPage({ width: 390, height: 844 });
  await authorize(page, 'a-wrong-token');
  const refused = await tryOut(operationNamed(page, 'instances', 'get_instance'));
  expect(refused.status).toBe('403');
  expect(refused.text).toContain('incorrect token, token=a-wrong-token');
  // That is how a browser tells of the 403; there is nothing else.
  expect(troubles).toEqual([expect.stringMatching(/^Failed to load resource: .* 403/)]);
  expect([...hosts]).toEqual([base]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  await screenshot(page, 'telephone');
  await page.close();
});

test('no token gets into the log', ({ skip }) => {
  skip(obstacle !== undefined, obstacle);
  const output = server?.output();
  expect(output?.stdout).toContain('"msg":"serving"');
  expect(`${output?.stdout}${output?.stderr}`).not.toMatch(/a-token-of-our-own|a-wrong-token/);
});

/** For whoever wants to look at it: `NEREUS_SCREENSHOTS` names a folder. */
async function screenshot(page: Page, name: string): Promise<void> {
  const path = join(process.env.NEREUS_SCREENSHOTS ?? dir, `api-${name}.png`);
  await page.screenshot({ path, fullPage: true });
  expect(statSync(path).size).toBeGreaterThan(10_000);
}
