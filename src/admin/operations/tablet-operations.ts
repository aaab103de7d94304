import { abortTabletJob } from '../../meta/job/abort-tablet-job.ts';
import { methods } from '../../rpc/methods.ts';
import { FinishTabletJobRequest_Action as FinishAction } from '../../schema/gen/cloud/job_pb.ts';
import { listTxns, TXN_STATUS_WORDS } from '../listing/list-txns.ts';
import { pageParameters } from '../listing/page.ts';
import { type AdminOperation, rpcOperation, STATUS } from '../operation.ts';
import { showStatusAsText } from '../route.ts';
import { fixTabletStatsTool, showStats } from '../stats-tools.ts';
import { lazyCommitTool } from '../txn-tools.ts';

const topic = 'tablets';

/** In the document's example they are numbers. */
const COMPACTION_IDS = new Set(['doris.cloud.TabletCompactionJobPB.id']);

const TEXT_STATUS = { kind: 'text', json: STATUS } as const;

export const tabletOperations = {
  get_tablet_stats: rpcOperation(
    methods.get_tablet_stats,
    {
      topic,
      verb: 'POST',
      about: 'Shows how much data, and how many rows, rowsets and segments tablets have.',
      fields: 'cloud_unique_id! tablet_idx!{table_id! index_id! partition_id! tablet_id!}',
      shown: { kind: 'text', json: { kind: 'result', messages: [methods.get_tablet_stats.response] } },
    },
    { show: showStats },
  ),
  fix_tablet_stats: {
    topic,
    verb: 'PUT',
    about: 'Counts the data of the tablets of a table anew, where the figures have become wrong.',
    parameters: [
      { name: 'cloud_unique_id', about: 'A node of the instance.', required: true },
      { name: 'table_id', about: 'The table.', type: 'integer', required: true },
    ],
    shown: { kind: 'text' },
    answer: fixTabletStatsTool,
  },
  abort_tablet_job: rpcOperation(
    methods.finish_tablet_job,
    {
      topic,
      verb: 'POST',
      about: 'Aborts compactions of a tablet.',
      fields: 'cloud_unique_id! job!{idx!{tablet_id!} compaction!{id!}}',
      shown: TEXT_STATUS,
    },
    {
      fixed: { action: FinishAction.ABORT },
      numbersAsText: COMPACTION_IDS,
      run: abortTabletJob,
      show: showStatusAsText,
    },
  ),
  abort_txn: rpcOperation(
    methods.abort_txn,
    {
      topic,
      verb: 'POST',
      about: 'Aborts a transaction, by its id or by its database and label.',
      fields: 'cloud_unique_id! txn_id db_id label reason',
      shown: TEXT_STATUS,
    },
    { show: showStatusAsText },
  ),
  txn_lazy_commit: {
    topic,
    verb: 'PUT',
    about: 'Makes a transaction visible that was committed lazily, where its server has not come to that.',
    parameters: [
      { name: 'instance_id', about: 'The instance.', required: true },
      { name: 'txn_id', about: 'The transaction.', type: 'integer', required: true },
    ],
    shown: STATUS,
    answer: lazyCommitTool,
  },
  list_txns: {
    topic,
    verb: 'GET',
    about: 'Lists transactions of an instance or a database, in the order of databases and ids.',
    parameters: [
      { name: 'instance_id', about: 'The instance.', required: true },
      { name: 'db_id', about: 'The database; without it, all of them.', type: 'integer' },
      {
        name: 'status',
        about: 'Those with this status, or `ALL`; without it, those that are unfinished.',
        type: ['ALL', ...TXN_STATUS_WORDS],
      },
      ...pageParameters('Behind which transaction the page begins, `DB_ID:TXN_ID`: `next_after` of the page before.'),
    ],
    shown: { kind: 'object' },
    answer: listTxns,
  },
} satisfies Readonly<Record<string, AdminOperation>>;
