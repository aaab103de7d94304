import { randomBytes } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { keys } from '../../keys/key-table.ts';
import type { Store, Transaction } from '../../kv/store.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import {
  type EncryptionInfoPB,
  EncryptionInfoPBSchema,
  type EncryptionKeyInfoPB,
  type EncryptionKeyInfoPB_Item,
  EncryptionKeyInfoPB_ItemSchema,
  EncryptionKeyInfoPBSchema,
} from '../../schema/gen/cloud/encryption_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { MetaError } from '../meta-error.ts';
import { CipherError, decrypt, encrypt } from './aes.ts';

export interface KeyringSettings {
  /** Base64. Empty: a random key is made when the store has none yet. */
  readonly encryption_key: string;
  readonly encryption_method: string;
  /** The key that stands in the settings where nobody has chosen one. */
  readonly default_key: string;
}

/** A secret as records hold it: its encrypted text, and which key and method it was encrypted with. */
export interface SealedSecret {
  readonly encrypted: string;
  readonly info: EncryptionInfoPB;
}

/**
 * The keys that secrets are encrypted with at rest. They are a record of the store, in base64, as Doris keeps them, so
 * that every process on the store, and Doris itself, can read what any of them wrote.
 */
export class Keyring {
  constructor(private readonly settings: KeyringSettings) {}

  /**
   * Sees to it that the store has the key of the settings, under the next free id when it is a new one. What was
   * encrypted before stays readable with the older keys; what is encrypted from now on takes the newest.
   * Resolves to whether that is the default key.
   */
  install(store: Store): Promise<boolean> {
    const { encryption_key, default_key } = this.settings;
    return store.transact(async (txn) => {
      const stored = await readRecord(txn, keys.systemEncryptionKeys, {});
      const items = stored?.items ?? [];
      const wanted = encryption_key || (items.length === 0 ? randomBytes(32).toString('base64') : '');
      const newest = newestItem(items)?.key;
      // The default is not a wish: it never takes the place of a key that someone chose.
      if (wanted === '' || wanted === newest || (newest !== undefined && wanted === default_key)) {
        return newest === default_key;
      }
      const item = create(EncryptionKeyInfoPB_ItemSchema, { keyId: nextKeyId(items), key: wanted });
      writeRecord(txn, keys.systemEncryptionKeys, {}, create(EncryptionKeyInfoPBSchema, { items: [...items, item] }));
      return wanted === default_key;
    });
  }

  /** Encrypts with the newest key. */
  async seal(txn: Transaction, plain: string): Promise<SealedSecret> {
    const newest = newestItem((await this.#record(txn)).items);
    if (!newest) throw new MetaError(MetaServiceCode.ERR_ENCRYPT, 'failed to get encryption key');
    const method = this.settings.encryption_method;
    const encrypted = guarded(MetaServiceCode.ERR_ENCRYPT, 'failed to encrypt', () =>
      encrypt(plain, method, keyBytes(newest)),
    );
    return { encrypted, info: create(EncryptionInfoPBSchema, { keyId: newest.keyId, encryptionMethod: method }) };
  }

  /** Decrypts with the key and the method that `info` names. */
  async open(txn: Transaction, encrypted: string, info: EncryptionInfoPB): Promise<string> {
    const item = (await this.#record(txn)).items.find((candidate) => candidate.keyId === info.keyId);
    // A key that a key management service holds can't be used without asking that service.
    if (!item || item.kmsInfo) throw new MetaError(MetaServiceCode.ERR_DECPYPT, 'failed to decrypt');
    return guarded(MetaServiceCode.ERR_DECPYPT, 'failed to decrypt', () =>
      decrypt(encrypted, info.encryptionMethod, keyBytes(item)),
    );
  }

  async #record(txn: Transaction): Promise<EncryptionKeyInfoPB> {
    // The keys only ever grow, so a call need not fail because another one added a key meanwhile.
    const stored = await readRecord(txn, keys.systemEncryptionKeys, {}, { snapshot: true });
    return stored ?? NO_KEYS;
  }
}

const NO_KEYS = create(EncryptionKeyInfoPBSchema);

function newestItem(items: readonly EncryptionKeyInfoPB_Item[]): EncryptionKeyInfoPB_Item | undefined {
  return items.reduce<EncryptionKeyInfoPB_Item | undefined>(
    (newest, item) => (item.kmsInfo === undefined && (!newest || item.keyId > newest.keyId) ? item : newest),
    undefined,
  );
}

function nextKeyId(items: readonly EncryptionKeyInfoPB_Item[]): bigint {
  const ids = items.map((item) => item.keyId).sort((one, other) => (one < other ? -1 : 1));
  return (ids.at(-1) ?? 0n) + 1n;
}

function keyBytes(item: EncryptionKeyInfoPB_Item): Buffer {
  return Buffer.from(item.key, 'base64');
}

/** Answers a failed cipher with the message of the reference, which tells nothing of key or text. */
function guarded(code: MetaServiceCode, message: string, work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof CipherError) throw new MetaError(code, message);
    throw error;
  }
}
