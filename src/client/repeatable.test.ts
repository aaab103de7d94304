import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { FinishTabletJobRequest_Action as Action } from '../schema/gen/cloud/job_pb.ts';
import { MetaService } from '../schema/gen/cloud/meta_service_pb.ts';
import { RecyclerService } from '../schema/gen/cloud/recycler_pb.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { BeginTxnResponseSchema } from '../schema/gen/cloud/txn_pb.ts';
import { adviceOf, isRepeatable, wasDoneBefore } from './repeatable.ts';

type Methods = (typeof MetaService)['method'];

function repeatable<Name extends keyof Methods>(name: Name, init: MessageInitShape<Methods[Name]['input']>): boolean {
  const { input } = MetaService.method[name];
  return isRepeatable(name, create(input, init as never));
}

test('these methods are never repeated when they may have been executed, and a new one is none that is', () => {
  const requests = {
    begin_txn: { txnInfo: { requestId: { hi: 1n, lo: 2n } } },
    abort_txn: { txnId: 1n },
    finish_tablet_job: { action: Action.LEASE },
  } as Readonly<Record<string, object>>;
  const methods = [...MetaService.methods, ...RecyclerService.methods];
  const never = methods.filter(({ name, input }) => !isRepeatable(name, create(input, { ...requests[name] })));
  expect(
    never
      .map(({ name }) => name)
      .sort()
      .join(' '),
  ).toBe(
    [
      'abort_sub_txn alter_cluster alter_iam alter_instance alter_obj_store_info alter_ram_user alter_storage_vault',
      'begin_copy begin_sub_txn clean_txn_label commit_index commit_partition create_instance create_stage',
      'create_tablets drop_stage finish_copy get_delete_bitmap_update_lock http http prepare_index prepare_partition',
      'prepare_rowset recycle_instance remove_delete_bitmap remove_delete_bitmap_update_lock reset_rl_progress',
      'start_tablet_job update_ak_sk update_delete_bitmap update_tablet update_tablet_schema update_tmp_rowset',
    ].join(' '),
  );
});

test('some are repeated only with what makes it safe', () => {
  expect(repeatable('begin_txn', {})).toBe(false);
  expect(repeatable('begin_txn', { txnInfo: { label: 'l' } })).toBe(false);
  expect(repeatable('begin_txn', { txnInfo: { requestId: { hi: 0n, lo: 0n } } })).toBe(true);
  expect(repeatable('abort_txn', { label: 'l', dbId: 1n })).toBe(false);
  expect(repeatable('abort_txn', { txnId: 5n })).toBe(true);
  expect(repeatable('finish_tablet_job', { action: Action.COMMIT })).toBe(false);
  expect(repeatable('finish_tablet_job', { action: Action.LEASE })).toBe(true);
});

test('what is no method of the wire is not repeated', () => {
  expect(isRepeatable('constructor', create(BeginTxnResponseSchema))).toBe(false);
});

test('a transaction that was begun before is the one that was asked for', () => {
  const response = create(BeginTxnResponseSchema, { dupTxnId: 7n });
  expect(wasDoneBefore('begin_txn', MetaServiceCode.TXN_LABEL_ALREADY_USED, response)).toBe(false);
  expect(wasDoneBefore('begin_txn', MetaServiceCode.TXN_DUPLICATED_REQ, response)).toBe(true);
  expect(response.txnId).toBe(7n);
  expect(wasDoneBefore('get_txn', MetaServiceCode.TXN_DUPLICATED_REQ, response)).toBe(false);
});

test('codes say whether asking again helps', () => {
  expect(adviceOf(MetaServiceCode.KV_TXN_CONFLICT)).toBe('try_again');
  expect(adviceOf(MetaServiceCode.MAX_QPS_LIMIT)).toBe('try_again');
  expect(adviceOf(MetaServiceCode.KV_TXN_COMMIT_ERR)).toBe('uncertain');
  expect(adviceOf(MetaServiceCode.INVALID_ARGUMENT)).toBeUndefined();
});
