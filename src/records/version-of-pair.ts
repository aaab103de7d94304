import { type DecodedKey, decodeKey } from '../keys/decode-key.ts';
import type { KeyKind } from '../keys/key-kind.ts';
import { RECEIPT_BYTES } from '../kv/receipts.ts';
import type { KeyValue } from '../kv/store.ts';
import { decodeVersionstamp } from '../kv/versionstamp.ts';
import { isSet } from '../schema/presence.ts';
import { ChangeList } from './change-list.ts';
import { counterFromValue } from './counter.ts';
import { MalformedValueError } from './malformed-value.ts';
import { type MessageKeyShape, recordFromValue } from './message-record.ts';
import { stampedFromValue } from './stamped-record.ts';
import { versionOfTxnId } from './txn-id.ts';

/**
 * The highest version that a pair of another store stems from, by the transaction ids and the versionstamps in it; 0 when
 * it has none. A store must be above it before it goes on giving out ids and stamps. Undefined for a key that is of no
 * kind. Throws a MalformedValueError for a value that is not what its key promises.
 */
export function versionOfPair({ key, value }: KeyValue): bigint | undefined {
  const decoded = decodeKey(key);
  if ('problem' in decoded) return undefined;
  // What a chunk of a split value holds can't be told from it alone; there are no ids in such values.
  if (decoded.chunk !== undefined) return 0n;
  return versionsIn(decoded, Buffer.from(key), value).reduce((highest, one) => (one > highest ? one : highest), 0n);
}

function versionsIn(decoded: DecodedKey, key: Buffer, value: Uint8Array): bigint[] {
  switch (decoded.name) {
    case 'txnLabel': {
      const { message, stamp } = stampedFromValue(decoded.kind, key, value);
      return [decodeVersionstamp(stamp).version, ...message.txnIds.map(versionOfTxnId)];
    }
    case 'txnInfo': {
      const { subTxnIds } = recordFromValue(decoded.kind, key, value);
      return [decoded.fields.txn_id, ...subTxnIds].map(versionOfTxnId);
    }
    case 'txnIndex':
    case 'txnRunning':
    case 'recycleTxn':
      checkValue(decoded.kind, key, value);
      return [versionOfTxnId(decoded.fields.txn_id)];
    case 'metaRowsetTmp': {
      // The rowset of a load has no version yet. What compactions write has one, and a random number for an id.
      const ofLoad = !isSet(recordFromValue(decoded.kind, key, value), 'endVersion');
      return ofLoad ? [versionOfTxnId(decoded.fields.txn_id)] : [];
    }
    case 'partitionVersion':
      return recordFromValue(decoded.kind, key, value).pendingTxnIds.map(versionOfTxnId);
    case 'systemNodeChanges': {
      const changes = new ChangeList(decoded.name, key, value);
      // No change has this stamp, so the list is read to its end.
      changes.since(NO_STAMP);
      return changes.stamp.length === 0 ? [] : [decodeVersionstamp(changes.stamp).version];
    }
    case 'systemReceipt':
      if (value.length !== RECEIPT_BYTES) throw new MalformedValueError(decoded.name, key);
      return [decodeVersionstamp(value).version];
    default:
      checkValue(decoded.kind, key, value);
      return [];
  }
}

function checkValue(kind: KeyKind, key: Buffer, value: Uint8Array): void {
  const { type } = kind.shape.value;
  if (type === 'message') recordFromValue(kind as KeyKind<string, MessageKeyShape>, key, value, { editable: true });
  if (type === 'counter' && counterFromValue(value) === undefined) throw new MalformedValueError(kind.name, key);
}

const NO_STAMP = new Uint8Array(0);
