import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { readInstance } from '../instance/instance-record.ts';
import { invalid } from '../meta-error.ts';
import { vaultPosition } from './vault-record.ts';

export interface VaultOfTablets {
  readonly storageVaultId: string;
  readonly storageVaultName: string;
}

/** The vault of that name, in which new tablets are to keep their data; for an empty name, the instance's default. */
export async function vaultOfTablets(call: Call, instanceId: string, given: string): Promise<VaultOfTablets> {
  const instance = await readInstance(call.txn, instanceId);
  if (given === '' && !isSet(instance, 'defaultStorageVaultName')) {
    throw invalid('You must supply at least one default vault');
  }
  const storageVaultName = given === '' ? instance.defaultStorageVaultName : given;
  const storageVaultId = instance.resourceIds[vaultPosition(instance, storageVaultName)];
  if (storageVaultId === undefined) throw invalid(`failed to get vault id, vault name=${storageVaultName}`);
  return { storageVaultId, storageVaultName };
}
