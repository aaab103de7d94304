import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { deletionsOf, errorXml, listingXml, resultXml } from './s3-double-xml.ts';
import { type Stored, StoredObjects } from './stored-objects.ts';

/** A request to the double: what it does, and to which keys, or to those below which prefix. */
export interface S3Request {
  readonly deed: 'list' | 'head' | 'delete';
  readonly keys: readonly string[];
}

/** What goes wrong with a request. */
export type S3Fault =
  /** It is refused. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string }
  /** Its connection breaks, before it is done or after. */
  | { readonly kind: 'broken'; readonly done: boolean }
  /** It is answered after a time; whoever asked may have gone by then, and it is done all the same. */
  | { readonly kind: 'late'; readonly after_ms: number }
  /** Some of the keys of a deletion are told as errors, and stay. */
  | { readonly kind: 'partial' }
  /** A listing shows what was deleted just now, and not what was written just now. */
  | { readonly kind: 'stale' };

export interface S3DoubleOptions {
  /** Asked for each request. */
  readonly fault?: (request: S3Request) => S3Fault | undefined;
}

/** A listing that is stale shows what there was at some time in this span. */
const STALE_MS = 500;
/** So that listings have many pages. */
const PAGE = 7;

export const S3_DOUBLE = { ak: 'double-ak', sk: 'double-sk-that-nobody-may-ever-read', bucket: 'doubled' };

/**
 * A bucket of the S3 family, in the memory of the test, that breaks where it is told to. It lists in no order, in small pages,
 * and looks at no signature, but at the access key.
 */
export class S3Double {
  readonly #objects = new StoredObjects(STALE_MS);
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch(() => response.destroy());
  });
  /** How many requests were served, and how many of them went wrong. */
  requests = 0;
  faults = 0;
  /** Whether there is a bucket, and whether keys are taken: what is changed holds for further requests. */
  exists = true;
  takes_keys = true;
  fault: S3DoubleOptions['fault'];

  private constructor({ fault }: S3DoubleOptions) {
    this.fault = fault;
  }

  static async start(options: S3DoubleOptions = {}): Promise<S3Double> {
    const double = new S3Double(options);
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  put(key: string, size_bytes = 1): void {
    this.#objects.put(key, size_bytes);
  }

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  keys(): string[] {
    return this.#objects.keys().sort();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = new URL(request.url ?? '', this.endpoint);
    const refusal = this.#refusal(request, url);
    if (refusal) return answer(response, refusal.status, errorXml(refusal.code));
    this.requests++;
    const asked = requestOf(request.method ?? '', url, Buffer.concat(chunks).toString());
    const fault = this.fault?.(asked);
    if (fault) this.faults++;
    if (fault?.kind === 'error') return answer(response, fault.status, errorXml(fault.code));
    if (fault?.kind === 'broken' && !fault.done) return void response.destroy();
    if (fault?.kind === 'late') await sleep(fault.after_ms);
    const done = this.#do(asked, url, fault);
    if (fault?.kind === 'broken') response.destroy();
    else answer(response, done.status, done.body);
  }

  #refusal({ headers }: IncomingMessage, { pathname }: URL): { status: number; code: string } | undefined {
    const signed = headers.authorization?.includes(`Credential=${S3_DOUBLE.ak}/`);
    if (!signed || !this.takes_keys) return { status: 403, code: 'InvalidAccessKeyId' };
    const [, bucket] = pathname.split('/');
    return this.exists && bucket === S3_DOUBLE.bucket ? undefined : { status: 404, code: 'NoSuchBucket' };
  }

  #do({ deed, keys }: S3Request, url: URL, fault: S3Fault | undefined): { status: number; body: string } {
    switch (deed) {
      case 'list':
        return { status: 200, body: this.#list(keys[0] ?? '', url, fault?.kind === 'stale') };
      case 'head':
        return { status: keys.every((key) => this.has(key)) ? 200 : 404, body: '' };
      case 'delete': {
        const kept = fault?.kind === 'partial' ? keys.filter((_, i) => i % 2 === 0) : [];
        for (const key of keys) if (!kept.includes(key)) this.#objects.delete(key);
        return { status: 200, body: resultXml(kept) };
      }
    }
  }

  #list(prefix: string, url: URL, stale: boolean): string {
    const at_ms = Date.now() - (stale ? STALE_MS : 0);
    const isShown = ({ written_ms, deleted_ms }: Stored) =>
      stale ? written_ms <= at_ms && (deleted_ms ?? at_ms + 1) > at_ms : deleted_ms === undefined;
    // By their ends, so that what belongs together lies apart, and a page goes on behind a key whatever comes and goes.
    const found = this.#objects
      .below(prefix)
      .filter(isShown)
      .map((stored) => ({ order: reversed(stored.key), ...stored }));
    const after = url.searchParams.get('continuation-token') ?? '';
    const rest = found.filter(({ order }) => order > after).sort((a, b) => (a.order < b.order ? -1 : 1));
    const most = Math.min(PAGE, Number(url.searchParams.get('max-keys') ?? PAGE));
    const page = rest.slice(0, most);
    const next = rest.length > page.length ? page.at(-1)?.order : undefined;
    return listingXml(page, next);
  }
}

function requestOf(method: string, url: URL, body: string): S3Request {
  const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
  if (method === 'POST' && url.searchParams.has('delete')) return { deed: 'delete', keys: deletionsOf(body) };
  if (method === 'DELETE') return { deed: 'delete', keys: [key] };
  if (method === 'HEAD') return { deed: 'head', keys: [key] };
  if (method === 'GET' && key === '') return { deed: 'list', keys: [url.searchParams.get('prefix') ?? ''] };
  throw new Error(`the double knows no ${method} ${url.pathname}`);
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
}

function reversed(text: string): string {
  return [...text].reverse().join('');
}
