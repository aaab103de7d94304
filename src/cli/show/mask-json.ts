import { isSecretName, maskUrlUser } from '../../schema/mask-secrets.ts';

const MASK = '******';

/**
 * What a service has answered, without the secrets in it: texts under names that say so, the values of settings whose
 * keys say so, and who logs in in a URL. The names that are told otherwise, as `key`, come in `also`.
 */
export function maskJson(value: unknown, also: ReadonlySet<string> = new Set()): unknown {
  if (typeof value === 'string') return maskUrlUser(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => maskJson(item, also));
  const { key } = value as { readonly key?: unknown };
  const entries = Object.entries(value).map(([name, field]) => {
    const hidden = isSecretName(name) || also.has(name) || (name === 'value' && isSecretSetting(key));
    return [name, hidden ? masked(field) : maskJson(field, also)];
  });
  return Object.fromEntries(entries);
}

function isSecretSetting(key: unknown): boolean {
  return typeof key === 'string' && isSecretName(key);
}

/** Whether there is one may be told, and what has parts may be a message of an innocent name. */
function masked(field: unknown): unknown {
  if (Array.isArray(field)) return field.map(masked);
  if (typeof field === 'object' && field !== null) return maskJson(field);
  return field === '' ? '' : MASK;
}
