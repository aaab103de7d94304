import { keys } from '../../../src/keys/key-table.ts';
import { openEmbeddedStore } from '../../../src/kv/embedded/store.ts';
import { storedPairs } from '../fuzz/stored-pairs.ts';
import type { Story } from './story.ts';
import { DB_ID } from './story-table.ts';

/** A key as tests compare it: its kind, and its fields without the instance. */
function keyLine(kind: keyof typeof keys, fields: Readonly<Record<string, bigint | string>>): string {
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${value}`);
  return [kind, ...shown.sort()].join(' ');
}

/** All keys of instances in a store that no service has open, by the instance. Chunks of one value are one key. */
export async function storedKeys(dir: string): Promise<Map<string, string[]>> {
  const store = await openEmbeddedStore({ dir, exclusive: true });
  try {
    const found = new Map<string, Set<string>>();
    for (const { key } of await storedPairs(store)) {
      const { instance_id, line } = lineOf(key);
      if (instance_id === undefined) continue;
      const lines = found.get(instance_id) ?? new Set();
      found.set(instance_id, lines.add(line));
    }
    return new Map([...found].map(([instance_id, lines]) => [instance_id, [...lines].sort()]));
  } finally {
    await store.close();
  }
}

function lineOf(key: Uint8Array): { readonly instance_id?: string; readonly line: string } {
  for (const [name, kind] of Object.entries(keys)) {
    const fields: Record<string, bigint | string> | undefined = kind.read(key)?.fields;
    if (fields === undefined) continue;
    const { instance_id, ...others } = fields;
    const line = keyLine(name as keyof typeof keys, others);
    return instance_id === undefined ? { line } : { instance_id: String(instance_id), line };
  }
  throw new Error(`a key of no kind: ${Buffer.from(key).toString('hex')}`);
}

/** The keys that an instance must have when everything that was dropped or has expired is gone. */
export function liveKeys(story: Story, has_vault: boolean, more: readonly string[] = []): string[] {
  const lines = [keyLine('instance', {}), keyLine('jobRecycle', {}), keyLine('systemRecycleReport', {}), ...more];
  if (has_vault) lines.push(keyLine('storageVault', { vault_id: '1' }));
  for (const { id: table_id, index_id, partitions, tablets } of story.tables) {
    const db_id = DB_ID;
    lines.push(keyLine('tableVersion', { db_id, table_id }), keyLine('metaSchema', { index_id, schema_version: 0n }));
    for (const { id } of partitions) lines.push(keyLine('partitionVersion', { db_id, table_id, partition_id: id }));
    for (const { id: tablet_id, partition_id, rowsets, worked } of tablets) {
      const place = { table_id, index_id, partition_id, tablet_id };
      lines.push(
        keyLine('metaTablet', place),
        keyLine('metaTabletIndex', { tablet_id }),
        keyLine('statsTablet', place),
      );
      if (worked) lines.push(keyLine('jobTablet', place));
      for (const version of [1n, ...rowsets.map(({ end }) => end)]) {
        lines.push(keyLine('metaRowset', { tablet_id, version }));
      }
    }
  }
  return lines.sort();
}
