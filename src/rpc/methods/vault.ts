import { alterObjStoreInfo, checkAlterObjStoreInfo } from '../../meta/vault/alter-obj-store-info.ts';
import { alterStorageVault, checkAlterStorageVault } from '../../meta/vault/alter-storage-vault.ts';
import { getObjStoreInfo } from '../../meta/vault/get-obj-store-info.ts';
import { checkUpdateAkSk, updateAkSk } from '../../meta/vault/update-ak-sk.ts';
import * as store from '../../schema/gen/cloud/object_store_pb.ts';
import * as vault from '../../schema/gen/cloud/vault_pb.ts';
import { method } from '../method.ts';
import { BY_UNIQUE_ID } from './callers.ts';

export const vaultMethods = {
  get_obj_store_info: method({
    name: 'get_obj_store_info',
    request: vault.GetObjStoreInfoRequestSchema,
    response: vault.GetObjStoreInfoResponseSchema,
    caller: BY_UNIQUE_ID,
    run: getObjStoreInfo,
  }),
  alter_obj_store_info: method({
    name: 'alter_obj_store_info',
    request: vault.AlterObjStoreInfoRequestSchema,
    response: vault.AlterObjStoreInfoResponseSchema,
    check: checkAlterObjStoreInfo,
    caller: BY_UNIQUE_ID,
    run: alterObjStoreInfo,
  }),
  alter_storage_vault: method({
    name: 'alter_storage_vault',
    request: vault.AlterObjStoreInfoRequestSchema,
    response: vault.AlterObjStoreInfoResponseSchema,
    check: checkAlterStorageVault,
    caller: BY_UNIQUE_ID,
    run: alterStorageVault,
  }),
  update_ak_sk: method({
    name: 'update_ak_sk',
    request: store.UpdateAkSkRequestSchema,
    response: store.UpdateAkSkResponseSchema,
    check: checkUpdateAkSk,
    run: updateAkSk,
  }),
} as const;
