import type { AdminOperation } from './operation.ts';
import { clusterOperations } from './operations/cluster-operations.ts';
import { instanceOperations } from './operations/instance-operations.ts';
import { keyOperations } from './operations/key-operations.ts';
import { storageOperations } from './operations/storage-operations.ts';
import { tabletOperations } from './operations/tablet-operations.ts';

/** Every operation of the admin API, as it stands in the path behind `/MetaService/http/`, with or without `v1/`. */
export const routes: Readonly<Record<string, AdminOperation>> = {
  ...instanceOperations,
  ...storageOperations,
  ...clusterOperations,
  ...tabletOperations,
  ...keyOperations,
};

/** The operations whose answers depend on the request and the store alone, and change neither. */
export const reads: ReadonlySet<string> = new Set([
  'get_instance',
  'get_obj_store_info',
  'show_storage_vaults',
  'get_stage',
  'get_cluster',
  'get_cluster_status',
]);
