/** The answers of S3 as they are written, and what its requests have in their bodies. */

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>';

export interface ListedObject {
  readonly key: string;
  readonly size_bytes: number;
  readonly written_ms: number;
}

export function errorXml(code: string): string {
  return `${HEAD}<Error><Code>${code}</Code><Message>as the test has told it</Message></Error>`;
}

/** A page of a listing; `next` is where the one behind it goes on. */
export function listingXml(page: readonly ListedObject[], next: string | undefined): string {
  const contents = page.map(({ key, size_bytes, written_ms }) => {
    const time = new Date(written_ms).toISOString();
    return `<Contents><Key>${escaped(key)}</Key><LastModified>${time}</LastModified><Size>${size_bytes}</Size></Contents>`;
  });
  const more = next === undefined ? '' : `<NextContinuationToken>${escaped(next)}</NextContinuationToken>`;
  const truncated = `<IsTruncated>${next !== undefined}</IsTruncated>`;
  return `${HEAD}<ListBucketResult>${truncated}${more}<KeyCount>${page.length}</KeyCount>${contents.join('')}</ListBucketResult>`;
}

/** What came of a deletion of many: the keys that are still there. */
export function resultXml(kept: readonly string[]): string {
  const errors = kept.map((key) => `<Error><Key>${escaped(key)}</Key><Code>InternalError</Code></Error>`);
  return `${HEAD}<DeleteResult>${errors.join('')}</DeleteResult>`;
}

/** The keys of a deletion of many. */
export function deletionsOf(body: string): string[] {
  return [...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => unescaped(key));
}

const ENTITIES: readonly (readonly [string, string])[] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
];

function escaped(text: string): string {
  return ENTITIES.reduce((all, [plain, entity]) => all.replaceAll(plain, entity), text);
}

function unescaped(text: string): string {
  return [...ENTITIES].reverse().reduce((all, [plain, entity]) => all.replaceAll(entity, plain), text);
}
