import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import { findTxn, saveTxn } from '../../src/meta/txn/txn-record.ts';
import type { Answer } from '../../src/rpc/answer.ts';
import type { Method, MethodInSteps } from '../../src/rpc/method.ts';
import { MetaServiceCode } from '../../src/schema/gen/cloud/status_pb.ts';
import type { TxnInfoPB, TxnInfoPBSchema, TxnStatusPB as TxnStatus } from '../../src/schema/gen/cloud/txn_pb.ts';
import { type Domain, rpc } from './fuzz/domain.ts';
import { storedPairs } from './fuzz/stored-pairs.ts';

type TxnInit = MessageInitShape<typeof TxnInfoPBSchema>;

/** The instance, the database and the caller of `testTxns`. */
export const INSTANCE = 'i';
export const DB = 7n;
export const CALLER = { cloudUniqueId: `1:${INSTANCE}:be` };

/** What a refused call answered: "CODE message", and the whole response. */
export interface Refusal<Response extends DescMessage> {
  readonly said: string;
  readonly response: Answer<Response>;
}

/** Transactions for tests, in one instance and one database. */
export interface TestTxns {
  /** Begins one under label `l` on tables 1 and 2, unless told otherwise, and resolves to the response. */
  readonly begin: (more?: TxnInit) => ReturnType<typeof begin>;
  /** As `begin`, for one that must begin: resolves to its id. */
  readonly begun: (more?: TxnInit) => Promise<bigint>;
  /** Calls a method as a backend of the instance, and expects an error that leaves the store as it is. */
  readonly refused: <Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request?: MessageInitShape<Request>,
  ) => Promise<Refusal<Response>>;
  /** Puts a stored transaction into a state, whatever it was in. */
  readonly setStatus: (txnId: bigint, status: TxnStatus) => Promise<void>;
  /** A stored transaction, or undefined. */
  readonly stored: (txnId: bigint, dbId?: bigint) => Promise<TxnInfoPB | undefined>;
  /** Every pair of the store, in hex, to compare what was there before and after. */
  readonly dump: () => Promise<string[]>;
}

/** Creates the instance in `domain`. */
export async function testTxns(domain: Domain): Promise<TestTxns> {
  await domain.call(rpc.create_instance, { instanceId: INSTANCE });
  const dump = async () => (await storedPairs(domain.store)).map(({ key, value }) => `${hex(key)} ${hex(value)}`);
  const stored: TestTxns['stored'] = (txn_id, db_id = DB) =>
    domain.store.transact((txn) => findTxn(txn, { instance_id: INSTANCE, db_id, txn_id }));
  return {
    dump,
    stored,
    refused: async (method, request) => {
      const before = await dump();
      const response = await domain.call(method, { ...CALLER, ...request } as typeof request & typeof CALLER);
      expect(response.status.code).not.toBe(MetaServiceCode.OK);
      expect(await dump()).toEqual(before);
      return { said: `${MetaServiceCode[response.status.code]} ${response.status.msg}`, response };
    },
    setStatus: async (txnId, status) => {
      const info = await stored(txnId);
      if (!info) throw new Error(`no transaction ${txnId}`);
      info.status = status;
      await domain.store.transact(async (txn) => saveTxn(txn, INSTANCE, info));
    },
    begin: (more) => begin(domain, more),
    begun: async (more) => {
      const { status, txnId } = await begin(domain, more);
      if (status.code !== MetaServiceCode.OK) throw new Error(status.msg);
      return txnId;
    },
  };
}

function begin(domain: Domain, more: TxnInit = {}) {
  const txnInfo = { dbId: DB, tableIds: [1n, 2n], label: 'l', timeoutMs: 500n, ...more };
  return domain.call(rpc.begin_txn, { ...CALLER, txnInfo });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
