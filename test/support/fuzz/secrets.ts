import type { Random } from '../random.ts';

/** Every planted secret begins with this, so that it can be found wherever it comes out. */
const MARK = 'Pl4nted';

export function plantedSecret(random: Random): string {
  return `${MARK}${random.int(2 ** 30).toString(36)}`;
}

const SECRET_KEYS: ReadonlySet<string> = new Set(['sk', 'token', 'password']);

/** Whether secrets are planted in fields of that name. */
export function isSecretKey(key: string): boolean {
  return SECRET_KEYS.has(key);
}

export function holdsPlanted(text: string | Buffer): boolean {
  return text.includes(MARK);
}

/** Whether a planted secret stands anywhere in a value but in fields that are for secrets. */
export function plantedElsewhere(value: unknown): boolean {
  if (typeof value === 'string') return holdsPlanted(value);
  if (typeof value !== 'object' || value === null) return false;
  if ('key' in value && 'value' in value && /secret|password/.test(String(value.key))) return false;
  return Object.entries(value).some(
    ([key, inner]) => !isSecretKey(key) && (holdsPlanted(key) || plantedElsewhere(inner)),
  );
}
