import { clusterMethods } from './methods/cluster.ts';
import { commitMethods } from './methods/commit.ts';
import { copyMethods } from './methods/copy.ts';
import { deleteBitmapMethods } from './methods/delete-bitmap.ts';
import { iamMethods } from './methods/iam.ts';
import { indexPartitionMethods } from './methods/index-partition.ts';
import { instanceMethods } from './methods/instance.ts';
import { jobMethods } from './methods/job.ts';
import { routineLoadMethods } from './methods/routine-load.ts';
import { rowsetMethods } from './methods/rowset.ts';
import { stageMethods } from './methods/stage.ts';
import { tabletMethods } from './methods/tablet.ts';
import { txnMethods } from './methods/txn.ts';
import { vaultMethods } from './methods/vault.ts';
import { versionMethods } from './methods/version.ts';

/** The methods of `doris.cloud.MetaService`, by their names on the wire. */
export const methods = {
  ...instanceMethods,
  ...clusterMethods,
  ...vaultMethods,
  ...iamMethods,
  ...stageMethods,
  ...indexPartitionMethods,
  ...txnMethods,
  ...jobMethods,
  ...copyMethods,
  ...versionMethods,
  ...commitMethods,
  ...routineLoadMethods,
  ...tabletMethods,
  ...rowsetMethods,
  ...deleteBitmapMethods,
} as const;

export type Methods = typeof methods;
