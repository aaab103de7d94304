import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { isSecretName, maskSecrets, maskUrlUser } from '../schema/mask-secrets.ts';

const MASK = '******';

/** A shorter secret is masked only where it stands alone: within words, the gap would tell what it is. */
const SHORTEST_WITHIN_WORDS = 6;

/** The secrets in a request: the texts that its masked form doesn't have. */
export function secretsOf<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): string[] {
  return [...new Set(differences(message, maskSecrets(schema, message)))];
}

/** The secrets in the body of an admin operation: the texts under names that say so. */
export function secretsIn(value: unknown, isSecret = false): string[] {
  if (typeof value === 'string') return isSecret ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item) => secretsIn(item, isSecret));
  return Object.entries(value).flatMap(([name, field]) => secretsIn(field, isSecret || isSecretName(name)));
}

/** The text without these secrets, be they as they are, or as a URL or JSON has them, and without passwords in URLs. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
  // A secret that is part of another would leave the rest of it.
  const longestFirst = [...new Set(forms)].filter((form) => form !== '').sort((a, b) => b.length - a.length);
  return longestFirst.reduce(withoutSecret, maskUrlUser(text));
}

function withoutSecret(text: string, secret: string): string {
  if (secret.length >= SHORTEST_WITHIN_WORDS) return text.replaceAll(secret, MASK);
  const escaped = secret.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'gu'), MASK);
}

function differences(given: unknown, masked: unknown): string[] {
  if (given === masked || given === undefined) return [];
  if (typeof given === 'string') return [given];
  if (given instanceof Uint8Array) {
    const same = masked instanceof Uint8Array && Buffer.compare(given, masked) === 0;
    return same ? [] : [Buffer.from(given).toString('utf8'), Buffer.from(given).toString('base64')];
  }
  if (typeof given !== 'object' || given === null) return [];
  const other = (masked ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(given).flatMap(([name, value]) => (name === '$unknown' ? [] : differences(value, other[name])));
}
