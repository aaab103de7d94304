import { clearField, clone, create, type MessageInitShape } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import { removeRecord } from '../../records/message-record.ts';
import { type InstanceInfoPB, InstanceInfoPBSchema } from '../../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import {
  type AlterObjStoreInfoRequest,
  AlterObjStoreInfoRequestSchema,
  type AlterObjStoreInfoResponseSchema,
  AlterObjStoreInfoRequest_Operation as Operation,
  StorageVaultPBSchema,
} from '../../schema/gen/cloud/vault_pb.ts';
import { isSet } from '../../schema/presence.ts';
import type { Call } from '../call.ts';
import { liveInstanceToChange, saveInstance } from '../instance/instance-record.ts';
import { invalid, MetaError } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { addedObjectStore, checkObjectStoreGiven } from './added-object-store.ts';
import { alterHdfsVault, newHdfsVault } from './hdfs-vault.ts';
import { alterS3Vault, checkS3Alteration, newS3Vault } from './s3-vault.ts';
import { addVault, makeDefault, readVault, requireFreeVaultName, saveVault, vaultPosition } from './vault-record.ts';

type Request = AlterObjStoreInfoRequest;
type Response = MessageInitShape<typeof AlterObjStoreInfoResponseSchema>;
type Alteration = (call: Call, instance: InstanceInfoPB, request: Request) => Response | Promise<Response>;

/** What each operation does. Dropping a vault on S3 is none of them, as in Doris: its files could not be found again. */
const ALTERATIONS: Partial<Record<Operation, Alteration>> = {
  [Operation.ADD_S3_VAULT]: addS3Vault,
  [Operation.ADD_HDFS_INFO]: addHdfsVault,
  [Operation.ADD_BUILT_IN_VAULT]: addBuiltInVault,
  [Operation.DROP_HDFS_INFO]: dropHdfsVault,
  [Operation.ALTER_S3_VAULT]: alterS3,
  [Operation.ALTER_HDFS_VAULT]: alterHdfs,
  [Operation.SET_DEFAULT_VAULT]: setDefault,
  [Operation.UNSET_DEFAULT_VAULT]: unsetDefault,
};

/** Checks of the request alone, which come before the caller is known. */
export function checkAlterStorageVault(request: Request): void {
  const quoted = (message: string) => invalid(`${message} ${quote(AlterObjStoreInfoRequestSchema, request)}`);
  switch (request.op) {
    case Operation.ADD_S3_VAULT:
    case Operation.DROP_S3_VAULT:
      checkObjectStoreGiven(request);
      return;
    case Operation.ADD_BUILT_IN_VAULT:
      if (!request.vault) throw quoted('storage vault is set');
      return;
    case Operation.ADD_HDFS_INFO:
    case Operation.DROP_HDFS_INFO:
    case Operation.SET_DEFAULT_VAULT:
      if (!isSet(request.vault, 'name')) throw quoted('hdfs info is not found');
      return;
    case Operation.ALTER_S3_VAULT:
    case Operation.ALTER_HDFS_VAULT:
    case Operation.UNSET_DEFAULT_VAULT:
      return;
    case Operation.UNKNOWN:
      throw quoted('Unknown alter info');
    default:
      throw quoted('Unknown alter obj store info, request info');
  }
}

/** Adds, changes and drops vaults, and chooses the default one. */
export async function alterStorageVault(call: Call, request: Request, instanceId: string): Promise<Response> {
  const instance = await liveInstanceToChange(call.txn, instanceId);
  const alter = ALTERATIONS[request.op];
  if (!alter) throw invalid(`invalid request op, op=${request.op}`);
  const response = await alter(call, instance, request);
  saveInstance(call.txn, instance);
  return response;
}

async function addS3Vault(call: Call, instance: InstanceInfoPB, request: Request): Promise<Response> {
  if (!instance.enableStorageVault) throw invalid("Storage vault doesn't support storage vault");
  const objInfo = await addedObjectStore(call, instance, request);
  const name = request.vault?.name ?? '';
  requireFreeVaultName(instance, name);
  addVault(call, instance, create(StorageVaultPBSchema, { id: objInfo.id, name, objInfo }));
  return { storageVaultId: objInfo.id, ...defaultIfWanted(instance, request) };
}

async function addHdfsVault(call: Call, instance: InstanceInfoPB, request: Request): Promise<Response> {
  const storageVaultId = await addGivenVault(call, instance, request);
  return { storageVaultId, ...defaultIfWanted(instance, request) };
}

async function addBuiltInVault(call: Call, instance: InstanceInfoPB, request: Request): Promise<Response> {
  if (instance.resourceIds.length > 0) throw invalid('Default vault can not be modified');
  return { storageVaultId: await addGivenVault(call, instance, request) };
}

async function addGivenVault(call: Call, instance: InstanceInfoPB, request: Request): Promise<string> {
  const given = request.vault ?? create(StorageVaultPBSchema);
  requireFreeVaultName(instance, given.name);
  const vault = await (given.hdfsInfo ? newHdfsVault(call, instance, given) : newS3Vault(call, instance, given));
  addVault(call, instance, vault);
  return vault.id;
}

function dropHdfsVault(call: Call, instance: InstanceInfoPB, request: Request): Response {
  const name = request.vault?.name ?? '';
  const position = vaultPosition(instance, name);
  if (position < 0) throw new MetaError(MetaServiceCode.STORAGE_VAULT_NOT_FOUND, `vault_name=${name} not found`);
  const [vaultId = ''] = instance.resourceIds.splice(position, 1);
  instance.storageVaultNames.splice(position, 1);
  removeRecord(call.txn, keys.storageVault, { instance_id: instance.instanceId, vault_id: vaultId });
  // A default that is gone would have new tables created where nothing can be stored.
  return instance.defaultStorageVaultId === vaultId ? unsetDefault(call, instance) : {};
}

async function alterS3(call: Call, instance: InstanceInfoPB, request: Request): Promise<Response> {
  const wanted = request.vault ?? create(StorageVaultPBSchema);
  checkS3Alteration(wanted);
  const { vault, position } = await vaultToAlter(call, instance, wanted.name);
  await alterS3Vault(call, instance, vault, position, wanted);
  saveVault(call, instance, vault);
  return { storageVaultId: vault.id };
}

async function alterHdfs(call: Call, instance: InstanceInfoPB, request: Request): Promise<Response> {
  const wanted = request.vault ?? create(StorageVaultPBSchema);
  if (!wanted.hdfsInfo) throw invalid('There is no hdfs vault provided');
  const { vault, position } = await vaultToAlter(call, instance, wanted.name);
  alterHdfsVault(instance, vault, position, wanted);
  saveVault(call, instance, vault);
  return { storageVaultId: vault.id };
}

async function vaultToAlter(call: Call, instance: InstanceInfoPB, name: string) {
  const position = vaultPosition(instance, name);
  if (position < 0) throw invalid(`invalid storage vault name, not found, name =${name}`);
  return { vault: clone(StorageVaultPBSchema, await readVault(call, instance, position)), position };
}

function setDefault(_call: Call, instance: InstanceInfoPB, request: Request): Response {
  const name = request.vault?.name ?? '';
  const position = vaultPosition(instance, name);
  if (position < 0) throw invalid(`invalid storage vault name, name =${name}`);
  const response = replaceDefault(instance, position);
  return { ...response, storageVaultId: instance.defaultStorageVaultId };
}

function unsetDefault(_call: Call, instance: InstanceInfoPB): Response {
  clearField(instance, InstanceInfoPBSchema.field.defaultStorageVaultId);
  clearField(instance, InstanceInfoPBSchema.field.defaultStorageVaultName);
  return {};
}

/** The vault that was just added becomes the default one when the request says so. */
function defaultIfWanted(instance: InstanceInfoPB, request: Request): Response {
  return request.setAsDefaultStorageVault ? replaceDefault(instance, instance.resourceIds.length - 1) : {};
}

function replaceDefault(instance: InstanceInfoPB, position: number): Response {
  const defaultStorageVaultReplaced = isSet(instance, 'defaultStorageVaultId');
  makeDefault(instance, position);
  return { defaultStorageVaultReplaced };
}
