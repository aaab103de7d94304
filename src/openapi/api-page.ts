import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { HttpAnswer, HttpCall, HttpHandler } from '../admin/http-types.ts';
import { type DescribedService, describeApi } from './describe-api.ts';
import { PAGE, PAGE_SCRIPT, PAGE_STYLE } from './page.ts';
import { SWAGGER_UI, SWAGGER_UI_FILES } from './swagger-ui-files.ts';

/** Where the page is, and above all that belongs to it. */
export const API_PAGE = '/api';

interface File {
  readonly contentType: string;
  readonly read: () => string | Promise<Buffer>;
}

interface LoadedFile {
  readonly body: Buffer;
  readonly etag: string;
}

/** The page may load what lies beside it and ask this service, and nobody else; no other page may show it in a frame. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // It is asked each time whether it has changed: another version may have been started.
  'cache-control': 'no-cache',
};

/**
 * Answers calls for the page that describes the API, and for what belongs to it: a list of files that is fixed. What is
 * asked for is made or read then, and kept, as there is but one of each.
 */
export function apiPage(service: DescribedService): HttpHandler {
  const files = filesOf(service);
  const loaded = new Map<string, Promise<LoadedFile>>();
  return async (call) => {
    if (call.method !== 'GET' && call.method !== 'HEAD') return NOT_ALLOWED;
    const name = call.path.slice(API_PAGE.length).replaceAll('/', '');
    const file = files.get(name);
    if (file === undefined) return notFound(files);
    let loading = loaded.get(name);
    if (loading === undefined) {
      loading = load(file);
      loaded.set(name, loading);
      // The next one who asks may have more luck.
      loading.catch(() => loaded.delete(name));
    }
    return answer(call, file, await loading);
  };
}

function filesOf(service: DescribedService): ReadonlyMap<string, File> {
  const json = () => `${JSON.stringify(describeApi(service))}\n`;
  return new Map<string, File>([
    ['', { contentType: 'text/html; charset=utf-8', read: () => PAGE }],
    ['page.js', { contentType: 'text/javascript; charset=utf-8', read: () => PAGE_SCRIPT }],
    ['page.css', { contentType: 'text/css; charset=utf-8', read: () => PAGE_STYLE }],
    ['openapi.json', { contentType: 'application/json', read: json }],
    ...SWAGGER_UI_FILES.map(({ name, contentType }): [string, File] => [
      name,
      { contentType, read: () => readFile(createRequire(import.meta.url).resolve(`${SWAGGER_UI}/${name}`)) },
    ]),
  ]);
}

async function load({ read }: File): Promise<LoadedFile> {
  const body = Buffer.from(await read());
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}

function answer({ headers }: HttpCall, { contentType }: File, { body, etag }: LoadedFile): HttpAnswer {
  const common = { ...HEADERS, etag };
  if (isKnown(headers['if-none-match'], etag)) return { status: 304, body: '', headers: common };
  return { status: 200, contentType, body, headers: common };
}

/** Whether the caller has it already: it may name several, and `*` stands for any. */
function isKnown(given: string | undefined, etag: string): boolean {
  const tags = (given ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*');
}

const NOT_ALLOWED: HttpAnswer = {
  status: 405,
  contentType: 'text/plain',
  headers: { allow: 'GET, HEAD' },
  body: 'this page can be read, and nothing else\n',
};

function notFound(files: ReadonlyMap<string, File>): HttpAnswer {
  const known = [...files.keys()].map((name) => (name === '' ? API_PAGE : `${API_PAGE}/${name}`)).join(', ');
  return { status: 404, contentType: 'text/plain', body: `there are ${known}\n` };
}
