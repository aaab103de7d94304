import type { MessageInitShape } from '@bufbuild/protobuf';
import { findTxn } from '../../src/meta/txn/txn-record.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import type { TxnInfoPB, TxnInfoPBSchema } from '../../src/schema/gen/cloud/txn_pb.ts';
import { type Domain, rpc } from './fuzz/domain.ts';
import { storedPairs } from './fuzz/stored-pairs.ts';

type TxnInit = MessageInitShape<typeof TxnInfoPBSchema>;

/** The instance, the database and the caller of `testTxns`. */
export const INSTANCE = 'i';
export const DB = 7n;
export const CALLER = { cloudUniqueId: `1:${INSTANCE}:be` };

/** Transactions for tests, in one instance and one database. */
export interface TestTxns {
  /** Begins one under label `l` on tables 1 and 2, unless told otherwise, and resolves to the response. */
  readonly begin: (more?: TxnInit) => ReturnType<typeof begin>;
  /** As `begin`, for one that must begin: resolves to its id. */
  readonly begun: (more?: TxnInit) => Promise<bigint>;
  /** A stored transaction, or undefined. */
  readonly stored: (txnId: bigint, dbId?: bigint) => Promise<TxnInfoPB | undefined>;
  /** Every pair of the store, in hex, to compare what was there before and after. */
  readonly dump: () => Promise<string[]>;
}

/** Creates the instance in `domain`. */
export async function testTxns(domain: Domain): Promise<TestTxns> {
  await domain.call(rpc.create_instance, { instanceId: INSTANCE });
  return {
    begin: (more) => begin(domain, more),
    begun: async (more) => {
      const { status, txnId } = await begin(domain, more);
      if (status.code !== MetaServiceCode.OK) throw new Error(status.msg);
      return txnId;
    },
    stored: (txn_id, db_id = DB) =>
      domain.store.transact((txn) => findTxn(txn, { instance_id: INSTANCE, db_id, txn_id })),
    dump: async () => (await storedPairs(domain.store)).map(({ key, value }) => `${hex(key)} ${hex(value)}`),
  };
}

function begin(domain: Domain, more: TxnInit = {}) {
  const txnInfo = { dbId: DB, tableIds: [1n, 2n], label: 'l', timeoutMs: 500n, ...more };
  return domain.call(rpc.begin_txn, { ...CALLER, txnInfo });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
