/** What stands for a secret in logs. */
const MASK = '******';

/** Names of fields whose values are secrets, in lower case and without the signs between words. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'ak',
  'sk',
  'arnsk',
  'kmssk',
  'accesskey',
  'secretkey',
  'secretaccesskey',
  'secret',
  'token',
  'httptoken',
  'authtoken',
  'password',
  'passwd',
  'encryptionkey',
  'authorization',
  'cookie',
]);

const SECRET_PARAMETER = /([?&](?:token|sk|secret_key|password)=)[^&#\s"]*/gi;

/** Deeper than any message of ours; what lies below is left out. */
const DEEPEST = 12;

/** A known secret shorter than this is likely to occur in a line by chance, and hiding it there would tell what it is. */
const SHORTEST_SECRET = 6;

/** The same address, path or query with the values of secret parameters masked: `?token=******&instance_id=i1`. */
export function maskUrl(url: string): string {
  const withMark = url.startsWith('?') || url.includes('?') ? url : `?${url}`;
  const masked = withMark.replace(SECRET_PARAMETER, `$1${MASK}`);
  return withMark === url ? masked : masked.slice(1);
}

/** A copy of `value`, fit for a log line: secret fields masked at any depth, bytes counted, bigints and errors as text. */
export function maskSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value, depth);
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (depth >= DEEPEST) return '...';
  if (Array.isArray(value)) return value.map((item) => maskSecrets(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      isSecretField(name) && field !== undefined && field !== '' ? MASK : maskSecrets(field, depth + 1),
    ]),
  );
}

function isSecretField(name: string): boolean {
  return SECRET_FIELDS.has(name.toLowerCase().replace(/[_-]/g, ''));
}

function describeError(error: Error, depth: number): unknown {
  const code = 'code' in error ? { code: error.code } : {};
  const cause = error.cause === undefined || depth >= DEEPEST ? {} : { cause: maskSecrets(error.cause, depth + 1) };
  return { type: error.name, message: error.message, ...code, stack: error.stack, ...cause };
}

/** A function that masks the given secrets wherever they occur in a line, however they got there. */
export function secretsMasker(secrets: readonly string[]): (line: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  // The longest first: one secret may begin with another, and what would be left of it is a secret too.
  const distinct = [...new Set(forms)].sort((left, right) => right.length - left.length);
  if (distinct.length === 0) return (line) => line;
  return (line) => distinct.reduce((masked, form) => masked.replaceAll(form, MASK), line);
}
