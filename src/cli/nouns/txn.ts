import { toJson } from '@bufbuild/protobuf';
import { choice } from '../../config/kind.ts';
import { usage } from '../command-error.ts';
import { command, type Noun } from '../program/command.ts';
import { optional, required } from '../program/value.ts';
import { listAll } from '../service/own-operation.ts';
import { field, listReport, timeText } from '../show/list.ts';
import { maskJson } from '../show/mask-json.ts';
import { done } from '../show/report.ts';
import { fieldsText } from '../show/table.ts';
import { callerOf, idKind, instanceArgument, nameKind, pageOptions } from './values.ts';

const dbOption = optional(idKind('DB_ID'), 'The id of the database');

const get = command({
  name: 'get',
  summary: 'Show a transaction',
  details: 'By its id, or by --label and --db-id the newest one of a label.',
  arguments: { instance: instanceArgument, txn_id: optional(idKind('TXN_ID'), 'The id of the transaction') },
  options: { db_id: dbOption, label: optional(nameKind('LABEL'), 'The label of a load') },
  calls_service: true,
  examples: [
    { does: 'By its id', line: 'nereus txn get demo 8912896' },
    { does: 'By its label', line: 'nereus txn get demo --db-id 10001 --label load-1' },
  ],
  run: async ({ instance, txn_id, db_id, label }, { client }) => {
    if (txn_id === undefined && (label === undefined || db_id === undefined)) {
      throw usage('TXN_ID is needed, or --label and --db-id');
    }
    const { TxnInfoPBSchema } = await import('../../schema/gen/cloud/txn_pb.ts');
    const { txnInfo } = await client.get_txn({
      cloudUniqueId: callerOf(instance),
      ...(txn_id !== undefined && { txnId: txn_id }),
      ...(db_id !== undefined && { dbId: db_id }),
      ...(label !== undefined && { label }),
    });
    const json = txnInfo && toJson(TxnInfoPBSchema, txnInfo, { useProtoFieldName: true });
    const txn = maskJson(json ?? {}) as Readonly<Record<string, string | undefined>>;
    return { json: { txn }, text: () => fieldsText(fieldsOf(txn)) };
  },
});

function fieldsOf(txn: Readonly<Record<string, string | undefined>>) {
  return {
    ...{ txn: txn.txn_id, db: txn.db_id, tables: String(txn.table_ids ?? '') || undefined },
    ...{ label: txn.label, status: txn.status?.replace('TXN_STATUS_', '') },
    ...{ prepared: timeText(txn.prepare_time), precommitted: timeText(txn.precommit_time) },
    ...{ committed: timeText(txn.commit_time), finished: timeText(txn.finish_time) },
    ...{ 'timeout ms': txn.timeout_ms, reason: txn.reason || undefined },
  };
}

const abort = command({
  name: 'abort',
  summary: 'Abort an unfinished transaction',
  details: 'What it has loaded is deleted, and its load fails.',
  arguments: { instance: instanceArgument, txn_id: required(idKind('TXN_ID'), 'The id of the transaction') },
  options: { reason: optional(nameKind('TEXT'), 'Why, for whoever looks at it later') },
  calls_service: true,
  asks: true,
  examples: [
    { does: 'With a question before', line: 'nereus txn abort demo 8912896' },
    { does: 'In a script', line: "nereus txn abort demo 8912896 --reason 'its client is gone' --yes" },
  ],
  run: async ({ instance, txn_id, reason }, context) => {
    await context.confirm(`Abort transaction ${txn_id} of instance ${instance}? What it has loaded will be deleted.`);
    await context.client.admin('abort_txn', {
      ...{ cloud_unique_id: callerOf(instance), txn_id },
      ...(reason !== undefined && { reason }),
    });
    return done(`aborted transaction ${txn_id}`, { instance_id: instance, txn_id });
  },
});

const list = command({
  name: 'list',
  summary: 'List the transactions of an instance, those that are unfinished unless --status says otherwise',
  details: "Doris's own service does not know this.",
  arguments: { instance: instanceArgument },
  options: {
    db_id: dbOption,
    status: optional(
      choice('ALL', 'PREPARED', 'PRECOMMITTED', 'COMMITTED', 'VISIBLE', 'ABORTED'),
      'Those of this status, or all of them, instead',
    ),
    ...pageOptions,
  },
  calls_service: true,
  examples: [
    { does: 'Those that are unfinished', line: 'nereus txn list demo' },
    { does: 'Those of a database that were aborted', line: 'nereus txn list demo --db-id 10001 --status ABORTED' },
  ],
  run: async ({ instance, db_id, status, limit, after }, context) => {
    const query = {
      instance_id: instance,
      ...(db_id !== undefined && { db_id }),
      ...(status !== undefined && { status }),
    };
    return listReport('txns', TXN_COLUMNS, await listAll(context, 'list_txns', { name: 'txns', limit, after, query }));
  },
});

type Json = Readonly<Record<string, unknown>>;

const TXN_COLUMNS = [
  field('DB', 'db_id', { right: true }),
  field('TXN', 'txn_id', { right: true }),
  field('LABEL', 'label', { may_be_cut: true }),
  { title: 'STATUS', of: ({ status, damaged }: Json) => (damaged ? 'DAMAGED' : String(status)) },
  { title: 'PREPARED', of: ({ prepare_time_ms }: Json) => timeText(prepare_time_ms) },
  field('COORDINATOR', 'coordinator'),
  field('TABLES', 'table_ids', { may_be_cut: true }),
];

/** `nereus txn`. */
export const txn: Noun = { name: 'txn', summary: 'Transactions: loads', commands: [get, abort, list] };
