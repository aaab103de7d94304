import type { Settings } from '../../config/settings.ts';

/** Where the store of the settings lies, for people, and as fields of a JSON. */
export interface StorePlace {
  readonly name: string;
  readonly facts: Readonly<Record<string, string>>;
}

export function placeOf({ kv, data_dir, fdb_cluster_file_path }: Settings): StorePlace {
  if (kv === 'embedded') return { name: data_dir, facts: { data_dir } };
  return { name: `the cluster of ${fdb_cluster_file_path}`, facts: { fdb_cluster_file_path } };
}
