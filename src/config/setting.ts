import type { Kind } from './kind.ts';

/** A setting: what its values are, and what they mean. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  /** As one would write it in the file. */
  readonly default: string;
  readonly section: Section;
  readonly meaning: string;
  /** Never shown: `******` stands for it. May also be given as `<name>_file`, the path of a file that holds it. */
  readonly secret: boolean;
  /** Has the name and the meaning of a setting in doris_cloud.conf. */
  readonly reference: boolean;
  /** Another flag for it, without its hyphens, where a short one is what people look for; it is for `nereus serve` alone. */
  readonly serve_flag?: string;
}

/** In the order in which they are shown. */
export const SECTIONS = [
  'Service',
  'Access',
  'Encryption',
  'Storage',
  'Transactions',
  'Recycling',
  'Backup',
  'Cluster status',
  'Limits',
  'Metrics',
  'Logs',
] as const;
export type Section = (typeof SECTIONS)[number];

/** A setting as it is declared; its section is that of the table around it. */
export type Row<T> = Omit<Setting<T>, 'section'>;

/** A setting that only Nereus has. */
export function own<T>(kind: Kind<T>, byDefault: string, meaning: string): Row<T> {
  return { kind, default: byDefault, meaning, secret: false, reference: false };
}

/** A setting that `doris_cloud.conf` has, too. */
export function doris<T>(kind: Kind<T>, byDefault: string, meaning: string): Row<T> {
  return { ...own(kind, byDefault, meaning), reference: true };
}

/** One whose value is never shown. */
export function secret<T>(row: Row<T>): Row<T> {
  return { ...row, secret: true };
}

/** One that is also given by another flag, for `nereus serve` alone: `dry-run` for `--dry-run`. */
export function alsoFlag<T>(serve_flag: string, row: Row<T>): Row<T> {
  return { ...row, serve_flag };
}

/** Settings that belong together, by their names. */
export function section<R extends Record<string, Row<unknown>>>(
  name: Section,
  rows: R,
): { readonly [N in keyof R]: Setting<R[N] extends Row<infer T> ? T : never> } {
  const placed = Object.entries(rows).map(([key, row]) => [key, { ...row, section: name }]);
  return Object.fromEntries(placed);
}
