import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openInstance, rpc } from '../../../test/support/fuzz/domain.ts';
import {
  A,
  begin,
  CALLER,
  commit,
  commitRefused,
  DB,
  INSTANCE,
  load,
  plantRowsets,
  plantTablets,
  rowsetAt,
  temporaryRowsets,
  versionsOf,
} from '../../../test/support/loads.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord, writeRecord } from '../../records/message-record.ts';
import { TxnStatusPB as TxnStatus } from '../../schema/gen/cloud/txn_pb.ts';

const START = 1_700_000_000;

let domain: Domain;
let now: number;
beforeEach(async () => {
  now = START;
  domain = await openInstance({ now: () => now });
  await plantTablets(domain.store, [A]);
});
afterEach(() => domain.dispose());

function status(request: object) {
  return domain.status(rpc.commit_txn, { cloudUniqueId: CALLER, ...request });
}

describe('a commit is refused, and nothing written', () => {
  test('without an id, for no caller, and for a transaction that is not there', async () => {
    await commitRefused(domain, {}, 'INVALID_ARGUMENT invalid argument, missing txn id');
    await commitRefused(domain, { cloudUniqueId: '' }, 'INVALID_ARGUMENT invalid argument, missing txn id');
    await commitRefused(domain, { cloudUniqueId: '', txnId: 7n }, 'INVALID_ARGUMENT empty instance_id');
    for (const txnId of [0n, -7n, 7n, 2n ** 62n]) {
      await commitRefused(domain, { txnId }, `KV_TXN_GET_ERR failed to get db id, txn_id=${txnId} err=KeyNotFound`);
    }
  });

  test('for a rowset of a tablet that is not there', async () => {
    const txnId = await load(domain, 'l', [A, { tablet: 999n, partition: 11n }]);
    const key = keys.metaTabletIndex.encode({ instance_id: INSTANCE, tablet_id: 999n }).toString('hex');
    const message = `failed to get tablet table index ids, err=not found tablet_id=999 key=${key}`;
    await commitRefused(domain, { txnId }, `KV_TXN_GET_ERR ${message}`);
    expect(await temporaryRowsets(domain.store, txnId)).toBe(2);
  });

  test('for a rowset whose metadata is damaged', async () => {
    const txnId = await load(domain, 'l', [A]);
    const key = keys.metaRowsetTmp.encode({ instance_id: INSTANCE, txn_id: txnId, tablet_id: 102n });
    await domain.store.transact(async (txn) => txn.set(key, Uint8Array.of(0xff)));
    const before = await domain.version();
    for (const more of [{}, { is2pc: false, enableTxnLazyCommit: true }]) {
      expect(await status({ txnId, ...more })).toMatch(/^PROTOBUF_PARSE_ERR /);
    }
    expect(await domain.version()).toBe(before);
  });

  test('when the transaction has expired, which is said with the time', async () => {
    const txnId = await load(domain, 'l', [A], { timeoutMs: 1000n });
    now += 2;
    await commitRefused(domain, { txnId }, `UNDEFINED_ERR txn is expired, not allow to commit txn_id=${txnId}`);
    expect((await commit(domain, { txnId })).versionUpdateTimeMs).toBe(BigInt(now) * 1000n);
    now -= 1;
    expect(await status({ txnId })).toBe('OK');
  });

  test('when a timeout is larger than any time, not', async () => {
    const txnId = await load(domain, 'l', [A], { timeoutMs: 2n ** 63n - 1n });
    expect(await status({ txnId })).toBe('OK');
  });

  test('after the transaction was aborted', async () => {
    const txnId = await load(domain, 'l', [A]);
    await setStatus(txnId, TxnStatus.TXN_STATUS_ABORTED);
    await commitRefused(domain, { txnId }, `TXN_ALREADY_ABORTED transaction [${txnId}] is already aborted, db_id=1`);
    const parts = { isTxnLoad: true, subTxnInfos: [{ subTxnId: txnId }] };
    const message = `transaction is already aborted: db_id=1 txn_id=${txnId}`;
    await commitRefused(domain, { txnId, ...parts }, `TXN_ALREADY_ABORTED ${message}`);
  });

  test('in a state that nobody knows', async () => {
    const txnId = await load(domain, 'l', [A]);
    await setStatus(txnId, TxnStatus.TXN_STATUS_UNKNOWN);
    expect(await status({ txnId })).toMatch(/^TXN_INVALID_STATUS /);
  });

  test('in its second phase, without the first or after it is visible', async () => {
    const txnId = await load(domain, 'l', [A]);
    const message = `transaction is prepare, not pre-committed: db_id=1 txn_id${txnId}`;
    await commitRefused(domain, { txnId, is2pc: true }, `TXN_INVALID_STATUS ${message}`);
    await setStatus(txnId, TxnStatus.TXN_STATUS_PRECOMMITTED);
    expect(await status({ txnId, is2pc: true })).toBe('OK');
    const again = `transaction [${txnId}] is already visible, not pre-committed.`;
    await commitRefused(domain, { txnId, is2pc: true }, `TXN_ALREADY_VISIBLE ${again}`);
    expect((await commit(domain, { txnId, is2pc: true })).txnInfo?.status).toBe(TxnStatus.TXN_STATUS_VISIBLE);
  });
});

describe('a load that is too large for one transaction of the store', () => {
  const large = async () => {
    const txnId = await begin(domain, 'large');
    const tablets = Array.from({ length: 120 }, (_, i) => ({ table: 3n, partition: 31n, tablet: 3000n + BigInt(i) }));
    await plantTablets(domain.store, tablets);
    for (const tablet of tablets) {
      await plantRowsets(domain.store, txnId, [tablet], { resourceId: 'x'.repeat(95_000) });
    }
    return txnId;
  };

  test('is refused, unless it may be committed lazily', async () => {
    const txnId = await large();
    const why = 'is too large to be committed in one transaction of the store';
    const advice = 'load less at a time, or commit in one phase with enable_txn_lazy_commit';
    const parts = { isTxnLoad: true, subTxnInfos: [{ subTxnId: txnId }] };
    await commitRefused(domain, { txnId }, `INVALID_ARGUMENT transaction ${txnId} ${why}: ${advice}`);
    await commitRefused(
      domain,
      { txnId, is2pc: false, ...parts },
      `INVALID_ARGUMENT transaction ${txnId} ${why}: ${advice}`,
    );
    expect(await commit(domain, { txnId, is2pc: false, enableTxnLazyCommit: true })).toMatchObject({
      versions: [2n],
      txnInfo: { status: TxnStatus.TXN_STATUS_VISIBLE },
    });
    expect(await rowsetAt(domain.store, 3119n, 2n)).toMatchObject({ endVersion: 2n });
    expect(await versionsOf(domain, 3n, [31n])).toEqual([2n]);
  });
});

async function setStatus(txnId: bigint, wanted: TxnStatus): Promise<void> {
  const fields = { instance_id: INSTANCE, db_id: DB, txn_id: txnId };
  await domain.store.transact(async (txn) => {
    const info = await readRecord(txn, keys.txnInfo, fields, { editable: true });
    if (!info) throw new Error('there is no such transaction');
    info.status = wanted;
    writeRecord(txn, keys.txnInfo, fields, info);
  });
}
