import { randomUUID } from 'node:crypto';
import { clone, create } from '@bufbuild/protobuf';
import type { InstanceInfoPB } from '../../schema/gen/cloud/instance_pb.ts';
import {
  HdfsBuildConfSchema,
  HdfsVaultInfoSchema,
  type StorageVaultPB,
  StorageVaultPBSchema,
} from '../../schema/gen/cloud/vault_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { invalid } from '../meta-error.ts';
import { nextResourceId, trimPrefix } from './object-store.ts';
import { renameVault } from './vault-record.ts';

/** The record of a new vault on HDFS. Throws `INVALID_ARGUMENT` for a prefix with a scheme, or without a file system. */
export function newHdfsVault(call: Call, instance: InstanceInfoPB, given: StorageVaultPB): StorageVaultPB {
  const vault = clone(StorageVaultPBSchema, given);
  const info = vault.hdfsInfo ?? create(HdfsVaultInfoSchema);
  if (info.prefix.includes('://')) throw invalid(`invalid prefix: ${info.prefix}`);
  info.prefix = trimPrefix(info.prefix);
  // Two vaults on one path would delete each other's files, so each gets a path of its own.
  if (call.settings.enable_distinguish_hdfs_path) info.prefix += `_${randomUUID().toUpperCase()}`;

  const conf = info.buildConf ?? create(HdfsBuildConfSchema);
  conf.fsName = trimPrefix(conf.fsName);
  if (conf.fsName === '') throw invalid('invalid fs_name: ');
  info.buildConf = conf;
  vault.hdfsInfo = info;
  vault.id = nextResourceId(instance);
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
  if (isSet(wanted, 'alterName')) renameVault(instance, vault, position, wanted.alterName);
  const info = vault.hdfsInfo ?? create(HdfsVaultInfoSchema);
  const conf = info.buildConf ?? create(HdfsBuildConfSchema);
  if (isSet(from, 'hdfsKerberosKeytab')) conf.hdfsKerberosKeytab = from.hdfsKerberosKeytab;
  if (isSet(from, 'hdfsKerberosPrincipal')) conf.hdfsKerberosPrincipal = from.hdfsKerberosPrincipal;
  if (isSet(from, 'user')) conf.user = from.user;
  conf.hdfsConfs.push(...from.hdfsConfs);
  info.buildConf = conf;
  vault.hdfsInfo = info;
}
