import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Settings } from '../../config/settings.ts';
import { usage } from '../command-error.ts';

/** Which store a URL names. */
export interface StoreUrl {
  readonly kv: Settings['kv'];
  /** The data directory, or the cluster file; absolute, and without links where it is there. */
  readonly path: string;
  /** As it is shown: `embedded:/var/lib/nereus`. */
  readonly text: string;
}

/**
 * Reads `embedded:DIR`, the store in a data directory, or `foundationdb:FILE`, the one in the cluster of a cluster file. What
 * stands behind the colon is the path as it is, and may be relative. Throws a usage error.
 */
export function readStoreUrl(url: string, option: string): StoreUrl {
  const [, kv = '', rest = ''] = /^([a-z]+):(.*)$/s.exec(url) ?? [];
  // Where a host would stand there is none: `embedded:///data` is `embedded:/data`.
  const path = rest.replace(/^\/\/(?=\/)/, '');
  if ((kv !== 'embedded' && kv !== 'foundationdb') || path === '' || path.startsWith('//') || path.includes('\0')) {
    throw usage(`${option} must be embedded:DIR or foundationdb:CLUSTER_FILE, as in embedded:/var/lib/nereus`);
  }
  const real = realPath(resolve(path));
  return { kv, path: real, text: `${kv}:${real}` };
}

/** The settings with which the store of a URL is opened. */
export function settingsOf(settings: Settings, { kv, path }: StoreUrl): Settings {
  if (kv === 'embedded') return { ...settings, kv, data_dir: path };
  return { ...settings, kv, fdb_cluster: '', fdb_cluster_file_path: path };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // What is not there yet is made, or missed by whoever opens it.
    return path;
  }
}
