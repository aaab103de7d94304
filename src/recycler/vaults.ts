import { create } from '@bufbuild/protobuf';
import { keys } from '../keys/key-table.ts';
import type { KeyValue, Store, Transaction } from '../kv/store.ts';
import { MetaError } from '../meta/meta-error.ts';
import type { Keyring } from '../meta/secrets/keyring.ts';
import { trimPrefix } from '../meta/vault/trim-prefix.ts';
import { BrokenPlace } from '../objects/broken-place.ts';
import type { ObjectLocation } from '../objects/location.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { ObjectStoreError } from '../objects/object-store-error.ts';
import type { ObjectSettings, OpenObjectStore } from '../objects/options.ts';
import type { RateLimiters } from '../objects/rate-limiters.ts';
import { MalformedValueError } from '../records/malformed-value.ts';
import { recordFromValue } from '../records/message-record.ts';
import type { EncryptionInfoPB } from '../schema/gen/cloud/encryption_pb.ts';
import type { InstanceInfoPB } from '../schema/gen/cloud/instance_pb.ts';
import { type ObjectStoreInfoPB, ObjectStoreInfoPBSchema } from '../schema/gen/cloud/object_store_pb.ts';
import {
  StagePB_StageAccessType as AccessType,
  type StagePB,
  StagePB_StageType as StageType,
} from '../schema/gen/cloud/stage_pb.ts';
import type { StorageVaultPB } from '../schema/gen/cloud/vault_pb.ts';
import { hdfsLocationOf, type KeyPair, locationOf, uriOf } from './location-of.ts';
import type { Vaults } from './sweep.ts';

export interface VaultsOptions {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly open: OpenObjectStore;
  readonly settings: ObjectSettings;
  readonly limiters: RateLimiters;
  /** The names of the only vaults that are opened; all where it is empty. The object stores of an instance are no vaults. */
  readonly only?: readonly string[];
  /** Aborted when whoever uses the places has to end. */
  readonly signal?: AbortSignal;
}

/**
 * Opens the places of an instance: its own object stores, and the vaults that the store has records of. Secrets are decrypted
 * here, and handed to whoever opens a place. What can't be opened keeps no other from it.
 */
export async function openVaults(instance: InstanceInfoPB, options: VaultsOptions): Promise<Vaults> {
  const vaults = new InstanceVaults(instance, options);
  await vaults.openAll();
  return vaults;
}

/** Where to go, or why not. */
type Way = { readonly location: ObjectLocation } | { readonly error: ObjectStoreError };

class InstanceVaults implements Vaults {
  readonly #places = new Map<string, ObjectStore>();
  readonly #stages = new Map<string, ObjectStore>();

  constructor(
    private readonly instance: InstanceInfoPB,
    private readonly options: VaultsOptions,
  ) {}

  get(resource_id: string): ObjectStore {
    const place = this.#places.get(resource_id);
    if (place instanceof BrokenPlace) throw place.reason;
    if (place) return place;
    const { instanceId } = this.instance;
    throw new ObjectStoreError('misconfigured', `instance ${instanceId} has no vault with the id '${resource_id}'`);
  }

  all(): readonly ObjectStore[] {
    return [...this.#places.values()];
  }

  async stage(stage: StagePB): Promise<ObjectStore> {
    const { stageId, type, accessType, objInfo } = stage;
    const known = JSON.stringify([stageId, type, accessType, objInfo?.id, objInfo?.bucket, objInfo?.prefix]);
    const before = this.#stages.get(known);
    if (before) return before;
    const way = await this.options.store.transact((txn) => this.#wayToStage(txn, stage));
    const place = this.#open(`stage ${stageId}`, way);
    if (place instanceof BrokenPlace) throw place.reason;
    this.#stages.set(known, place);
    return place;
  }

  close(): void {
    for (const place of [...this.#places.values(), ...this.#stages.values()]) place.close();
  }

  /** Opens all that the instance has. */
  async openAll(): Promise<void> {
    const ways = await this.options.store.transact(async (txn) => {
      const found = new Map<string, Way>();
      // What two of them are called by is the instance's own: Doris, too, takes the first.
      for (const info of this.instance.objInfo) {
        if (!found.has(info.id)) found.set(info.id, await this.#wayTo(txn, info));
      }
      for (const { id, vault } of await this.#vaultRecords(txn)) {
        if (!found.has(id)) found.set(id, await this.#wayToVault(txn, vault));
      }
      for (const id of this.instance.resourceIds) if (!found.has(id)) found.set(id, broken('there is no record of it'));
      return found;
    });
    for (const [id, way] of ways) this.#places.set(id, this.#open(`vault ${id}`, way));
  }

  #open(name: string, way: Way): ObjectStore {
    if ('error' in way) return new BrokenPlace(name, named(name, way.error));
    const full = `${name} (${uriOf(way.location)})`;
    const { open, settings, limiters, signal } = this.options;
    try {
      return open(way.location, { name: full, settings, limiters, ...(signal && { signal }) });
    } catch (error) {
      if (error instanceof ObjectStoreError) return new BrokenPlace(full, error);
      throw error;
    }
  }

  /** All records of vaults, those that the instance no longer lists included: rowsets may name them still. */
  async #vaultRecords(txn: Transaction): Promise<{ id: string; vault: StorageVaultPB | undefined }[]> {
    const kind = keys.storageVault;
    const { begin, end } = kind.range({ instance_id: this.instance.instanceId });
    const pairs: KeyValue[] = [];
    for await (const page of txn.getRange(begin, end, { snapshot: true })) pairs.push(...page);
    return pairs.flatMap(({ key, value }) => {
      const fields = kind.decode(key);
      return fields ? [{ id: fields.vault_id, vault: decoded(key, value) }] : [];
    });
  }

  async #wayToVault(txn: Transaction, vault: StorageVaultPB | undefined): Promise<Way> {
    if (!vault) return broken('its record can not be read');
    const { only = [] } = this.options;
    if (only.length > 0 && !only.includes(vault.name)) {
      return broken('its name is not in recycler_storage_vault_white_list');
    }
    const version = vault.pathFormat?.pathVersion ?? 0n;
    if (version !== 0n) return broken(`its objects are laid out in a way that is not known, version ${version}`);
    if (vault.hdfsInfo) return { location: hdfsLocationOf(vault.hdfsInfo) };
    if (vault.objInfo) return this.#wayTo(txn, vault.objInfo);
    return broken('its record does not say where it is');
  }

  /** The way to a stage: an internal one is a folder in one of the instance's own object stores, by its number there. */
  async #wayToStage(txn: Transaction, stage: StagePB): Promise<Way> {
    const info = stage.objInfo ?? create(ObjectStoreInfoPBSchema);
    if (stage.type === StageType.INTERNAL) {
      const own = this.instance.objInfo[Number.parseInt(info.id, 10) - 1];
      if (!own) return broken(`the instance has no object store '${info.id}'`);
      return this.#wayTo(txn, own, { prefix: info.prefix });
    }
    switch (stage.accessType) {
      case AccessType.AKSK:
        return this.#wayTo(txn, info);
      case AccessType.BUCKET_ACL:
        if (!this.instance.ramUser) return broken('the instance has no user for it');
        return this.#wayTo(txn, info, { user: this.instance.ramUser });
      default:
        return broken('its kind of access is not supported');
    }
  }

  async #wayTo(
    txn: Transaction,
    info: ObjectStoreInfoPB,
    { prefix = trimPrefix(info.prefix), user = info }: { readonly prefix?: string; readonly user?: SealedKeys } = {},
  ): Promise<Way> {
    try {
      return { location: locationOf(info, await this.#openKeys(txn, user), prefix) };
    } catch (error) {
      if (error instanceof ObjectStoreError) return { error };
      throw error;
    }
  }

  async #openKeys(txn: Transaction, { ak, sk, encryptionInfo }: SealedKeys): Promise<KeyPair> {
    try {
      return { ak, sk: encryptionInfo ? await this.options.keyring.open(txn, sk, encryptionInfo) : sk };
    } catch (error) {
      if (!(error instanceof MetaError)) throw error;
      throw new ObjectStoreError('misconfigured', 'its secret key can not be decrypted with the keys of this store');
    }
  }
}

interface SealedKeys extends KeyPair {
  readonly encryptionInfo?: EncryptionInfoPB | undefined;
}

function decoded(key: Uint8Array, value: Uint8Array): StorageVaultPB | undefined {
  try {
    return recordFromValue(keys.storageVault, Buffer.from(key), value);
  } catch (error) {
    if (error instanceof MalformedValueError) return undefined;
    throw error;
  }
}

function broken(why: string): Way {
  return { error: new ObjectStoreError('misconfigured', why) };
}

function named(name: string, { fault, message }: ObjectStoreError): ObjectStoreError {
  return new ObjectStoreError(fault, `${name}: ${message}`);
}
