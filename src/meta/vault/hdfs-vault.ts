import { randomUUID } from 'node:crypto';
import { clone, create } from '@bufbuild/protobuf';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import {
  HdfsBuildConfSchema,
  HdfsVaultInfoSchema,
  type StorageVaultPB,
  StorageVaultPBSchema,
} from '../../schema/gen/cloud/vault_pb.ts';
import { maskUrlUser } from '../../schema/mask-secrets.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { requireLastingPlace } from './emptied-places.ts';
import { nextResourceId, sealKeys } from './object-store.ts';
import { placeOfVault } from './place.ts';
import { trimPrefix } from './trim-prefix.ts';
import { renameVault } from './vault-record.ts';

/** The record of a new vault on HDFS. Throws `INVALID_ARGUMENT` for a prefix with a scheme, or without a file system. */
export async function newHdfsVault(
  call: Call,
  instance: InstanceInfoPB,
  given: StorageVaultPB,
): Promise<StorageVaultPB> {
  const vault = clone(StorageVaultPBSchema, given);
  const info = vault.hdfsInfo ?? create(HdfsVaultInfoSchema);
  if (info.prefix.includes('://')) throw invalid(`invalid prefix: ${maskUrlUser(info.prefix)}`);
  info.prefix = trimPrefix(info.prefix);
  // Two vaults on one path would delete each other's files, so each gets a path of its own.
  if (call.settings.enable_distinguish_hdfs_path) info.prefix += `_${randomUUID().toUpperCase()}`;

  const conf = info.buildConf ?? create(HdfsBuildConfSchema);
  conf.fsName = trimPrefix(conf.fsName);
  if (conf.fsName === '') throw invalid('invalid fs_name: ');
  info.buildConf = conf;
  vault.hdfsInfo = info;
  vault.id = nextResourceId(instance);
  const place = placeOfVault(vault);
  if (place) await requireLastingPlace(call.txn, place);
  // Doris keeps an object store that comes with it, of no use as it is, so its keys must be no more readable than others.
  if (vault.objInfo) await sealKeys(call, vault.objInfo);
  return vault;
}

/** Changes what may be changed of a vault on HDFS: its name, its user and how it logs in. */
export function alterHdfsVault(
  instance: InstanceInfoPB,
  vault: StorageVaultPB,
  position: number,
  wanted: StorageVaultPB,
): void {
  const from = wanted.hdfsInfo?.buildConf;
  if (!from || isSet(wanted.hdfsInfo, 'prefix') || isSet(from, 'fsName')) {
    throw invalid('You can not alter prefix or fs name because it might lose previoud written data');
  }
  if (!vault.hdfsInfo) throw invalid(`invalid storage vault, not on HDFS, name =${vault.name}`);
  if (isSet(wanted, 'alterName')) renameVault(instance, vault, position, wanted.alterName);
  const conf = vault.hdfsInfo.buildConf ?? create(HdfsBuildConfSchema);
  if (isSet(from, 'hdfsKerberosKeytab')) conf.hdfsKerberosKeytab = from.hdfsKerberosKeytab;
  if (isSet(from, 'hdfsKerberosPrincipal')) conf.hdfsKerberosPrincipal = from.hdfsKerberosPrincipal;
  if (isSet(from, 'user')) conf.user = from.user;
  conf.hdfsConfs = [...conf.hdfsConfs, ...from.hdfsConfs];
  vault.hdfsInfo.buildConf = conf;
}
