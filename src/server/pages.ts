import type { HttpHandler } from '../admin/http-types.ts';

/** What can be asked for without a token, by path. */
export type Pages = Readonly<Record<`/${string}`, HttpHandler>>;

/** Answers calls for a page, with or without a slash at the end, and passes every other on to `handler`. */
export function withPages(pages: Pages, handler: HttpHandler): HttpHandler {
  const byPath = new Map(Object.entries(pages).flatMap(([path, page]) => [path, `${path}/`].map((p) => [p, page])));
  return (call) => (byPath.get(call.path) ?? handler)(call);
}

/** Tells which version runs. */
export function versionPage(version: string): HttpHandler {
  return () => ({ status: 200, contentType: 'text/plain', body: `nereus ${version}\n` });
}
