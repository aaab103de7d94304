import type { Message, MessageShape } from '@bufbuild/protobuf';
import { FinishTabletJobRequest_Action } from '../schema/gen/cloud/job_pb.ts';
import type { MetaService } from '../schema/gen/cloud/meta_service_pb.ts';
import type { RecyclerService } from '../schema/gen/cloud/recycler_pb.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';

/**
 * Whether a call may be sent again when nobody knows whether it was executed. It may if the second changes nothing that
 * the first has not changed, and if the first, should it be executed late, undoes nothing that was done after the second.
 */
interface Repetition<Name extends keyof Inputs = keyof Inputs> {
  /** Why, or why not; for people. */
  readonly because: string;
  /** Which requests it is true of; without it, of all. */
  readonly when?: (request: MessageShape<Inputs[Name]>) => boolean;
  /** The code by which the service says that an earlier attempt has done it: to whoever asks again, this is success. */
  readonly done?: MetaServiceCode;
  /** Puts into such a response what it has elsewhere. */
  readonly complete?: (response: MessageShape<Outputs[Name]>) => void;
}

type Methods = (typeof MetaService)['method'] & (typeof RecyclerService)['method'];
type Inputs = { readonly [Name in keyof Methods]: Methods[Name]['input'] };
type Outputs = { readonly [Name in keyof Methods]: Methods[Name]['output'] };

const READ = { because: 'it only reads' };

/** The methods that may be repeated. All others are sent once more only if it is known that they were not executed. */
const REPEATABLE: { readonly [Name in keyof Inputs]?: Repetition<Name> } = {
  get_txn: READ,
  get_current_max_txn_id: READ,
  check_txn_conflict: READ,
  get_txn_id: READ,
  get_version: READ,
  get_tablet: READ,
  get_rowset: READ,
  get_schema_dict: READ,
  get_obj_store_info: READ,
  get_instance: READ,
  get_cluster: READ,
  get_cluster_status: READ,
  get_tablet_stats: READ,
  get_stage: READ,
  get_iam: READ,
  get_copy_job: READ,
  get_copy_files: READ,
  filter_copy_files: READ,
  get_delete_bitmap: READ,
  get_rl_task_commit_attach: READ,
  check_kv: READ,
  begin_txn: {
    because: 'the service knows a request_id again, and answers with the transaction that it began',
    when: ({ txnInfo }) => txnInfo?.requestId !== undefined,
    done: MetaServiceCode.TXN_DUPLICATED_REQ,
    complete: (response) => {
      response.txnId = response.dupTxnId;
    },
  },
  precommit_txn: {
    because: 'a transaction is precommitted once, and one that went on does not come back to it',
    done: MetaServiceCode.TXN_ALREADY_PRECOMMITED,
  },
  commit_txn: {
    because: 'a transaction becomes visible once, and stays so',
    done: MetaServiceCode.TXN_ALREADY_VISIBLE,
  },
  abort_txn: {
    because: 'a transaction is aborted once, and stays so; a label may be that of another by then',
    when: ({ txnId }) => txnId > 0n,
    done: MetaServiceCode.TXN_ALREADY_ABORTED,
  },
  abort_txn_with_coordinator: {
    because: 'it aborts what began before a time, which nothing that begins now did',
  },
  commit_rowset: {
    because:
      'the service answers OK to a rowset that it has under the same id, and takes none of a load that is through',
  },
  drop_index: { because: 'what was dropped stays so, and ids are not used again' },
  drop_partition: { because: 'what was dropped stays so, and ids are not used again' },
  finish_tablet_job: {
    because: 'a lease can be renewed any number of times; a job is committed or aborted once, and then not known',
    when: ({ action }) => action === FinishTabletJobRequest_Action.LEASE,
  },
};

/** Whether a call may be sent again when nobody knows whether it was executed. */
export function isRepeatable(method: string, request: Message): boolean {
  const repetition = repetitionOf(method);
  return repetition !== undefined && (repetition.when?.(request as never) ?? true);
}

/** Whether a response to a repeated call says that an earlier attempt has done it. The response is completed then. */
export function wasDoneBefore(method: string, code: MetaServiceCode, response: Message): boolean {
  const repetition = repetitionOf(method);
  if (repetition?.done === undefined || repetition.done !== code) return false;
  repetition.complete?.(response as never);
  return true;
}

function repetitionOf(method: string): Repetition | undefined {
  return Object.hasOwn(REPEATABLE, method) ? (REPEATABLE[method as keyof Inputs] as Repetition) : undefined;
}

/** Refusals that have changed nothing, and may be none a moment later. */
const TRY_AGAIN: ReadonlySet<MetaServiceCode> = new Set([
  MetaServiceCode.KV_TXN_CONFLICT,
  MetaServiceCode.KV_TXN_CONFLICT_RETRY_EXCEEDED_MAX_TIMES,
  MetaServiceCode.MAX_QPS_LIMIT,
]);

/** Refusals after which the service itself does not know what was done. */
const UNCERTAIN: ReadonlySet<MetaServiceCode> = new Set([
  MetaServiceCode.KV_TXN_CREATE_ERR,
  MetaServiceCode.KV_TXN_COMMIT_ERR,
  MetaServiceCode.KV_TXN_TOO_OLD,
  MetaServiceCode.KV_TXN_STORE_GET_RETRYABLE,
  MetaServiceCode.KV_TXN_STORE_COMMIT_RETRYABLE,
  MetaServiceCode.KV_TXN_STORE_CREATE_RETRYABLE,
]);

/** What a response with this code says of asking again: that it helps and does no harm, that it might help, or nothing. */
export function adviceOf(code: MetaServiceCode): 'try_again' | 'uncertain' | undefined {
  if (TRY_AGAIN.has(code)) return 'try_again';
  return UNCERTAIN.has(code) ? 'uncertain' : undefined;
}
