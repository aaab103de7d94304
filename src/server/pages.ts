import type { HttpHandler } from '../admin/http-types.ts';

/** What can be asked for beside the service, by its path. */
export interface Page {
  readonly path: `/${string}`;
  readonly answer: HttpHandler;
  /** Whether it is also asked for by paths below its own. */
  readonly below?: boolean;
}

/** Answers calls for a page, with or without a slash at the end, and passes every other on to `handler`. */
export function withPages(pages: readonly Page[], handler: HttpHandler): HttpHandler {
  const byPath = new Map(pages.flatMap(({ path, answer }) => [path, `${path}/`].map((one) => [one, answer])));
  const above = pages.filter(({ below }) => below).map(({ path, answer }) => ({ beginning: `${path}/`, answer }));
  const found = (asked: string) =>
    byPath.get(asked) ?? above.find(({ beginning }) => asked.startsWith(beginning))?.answer ?? handler;
  return (call) => found(call.path)(call);
}

/** Tells which version runs. */
export function versionPage(version: string): HttpHandler {
  return () => ({ status: 200, contentType: 'text/plain', body: `nereus ${version}\n` });
}
