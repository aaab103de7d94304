import type { AdminOptions, AdminReply } from '../../client/client.ts';
import { integer } from '../../config/kind.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import { type Context, command, type Noun } from '../program/command.ts';
import { flag, optional, several, withDefault } from '../program/value.ts';
import { listIn, namesIn, objectIn } from '../service/answered.ts';
import { ownOperation } from '../service/own-operation.ts';
import { field, timeText } from '../show/list.ts';
import { done, type Report } from '../show/report.ts';
import { fieldsText, tableText } from '../show/table.ts';
import { instanceArgument, nameKind } from './values.ts';

type Json = Readonly<Record<string, unknown>>;

const oneOrAll = optional(nameKind('INSTANCE'), 'The id of the instance; without one, everything');

const now = command({
  name: 'now',
  summary: 'Have instances recycled soon, or see what would go',
  details:
    "What was dropped or has expired is deleted for good, after the times that the settings of the service say. With --dry-run nothing is touched; Doris's own recycler does not know that.",
  arguments: { instance: several(nameKind('INSTANCE'), 'The id of an instance', 1) },
  options: {
    dry_run: flag('Say what would go, and why, and touch nothing'),
    limit: withDefault(integer({ placeholder: 'N', min: 1, max: 100_000 }), 1000, 'How many things a dry run names'),
  },
  calls_service: true,
  examples: [
    { does: 'What would go', line: 'nereus recycle now demo --dry-run' },
    { does: 'Recycle two instances', line: 'nereus recycle now demo test' },
  ],
  run: async ({ instance, dry_run, limit }, context) => {
    if (dry_run) return preview(instance, limit, context);
    await ask(context, 'recycle_instance', {}, { instance_ids: instance });
    return done(`${instance.join(', ')} will be recycled soon: see nereus recycle status`, { instance_ids: instance });
  },
});

async function preview(instance_ids: readonly string[], limit: number, context: Context): Promise<Report> {
  // Doris's recycler would pass over dry_run and recycle: it must be one that knows it.
  await ownOperation(context, 'statistics_recycle', { instance_id: instance_ids[0] ?? '' }, 'RecyclerService');
  const query = { dry_run: 'true', limit };
  const { result } = await ask(context, 'recycle_instance', query, { instance_ids });
  const instances = listIn(result ?? {}, 'instances', 'recycle_instance');
  return {
    json: { instances },
    text: (width) => instances.map((one) => previewText(one, width)).join('\n\n'),
  };
}

function previewText({ instance_id, would_go, reason, planned = [] }: Json, width: number | undefined): string {
  const things = planned as readonly Json[];
  const head = `${instance_id}: ${would_go} would go${reason === undefined ? '' : `; ${reason}`}`;
  return things.length === 0 ? head : `${head}\n${thingsText(things, width)}`;
}

const status = command({
  name: 'status',
  summary: 'Show who recycles an instance, when it was last done, and how far it is',
  arguments: { instance: instanceArgument },
  calls_service: true,
  examples: [{ does: 'Of one instance', line: 'nereus recycle status demo' }],
  run: async ({ instance }, context) => {
    const json = await resultOf(context, 'recycle_job_info', { instance_id: instance });
    return { json, text: (width) => [fieldsText(jobFields(json)), sweepsText(json.round, width)].join('') };
  },
});

function jobFields(job: Json) {
  return {
    ...{ instance: textOf(job.instance_id), status: textOf(job.status), process: textOf(job.ip_port) },
    ...{ begun: timeText(job.last_ctime_ms), finished: timeText(job.last_finish_time_ms) },
    ...{
      succeeded: timeText(job.last_success_time_ms),
      'lease until': job.status === 'BUSY' ? timeText(job.expiration_time_ms) : undefined,
    },
    paused: job.paused === undefined ? undefined : String(job.paused),
  };
}

function sweepsText(round: unknown, width: number | undefined): string {
  const { sweeps = [], state, reason } = (round ?? {}) as Json;
  if (!Array.isArray(sweeps) || sweeps.length === 0) return '';
  const why = reason === undefined ? '' : `: ${String(reason)}`;
  return `\n\nround ${String(state)}${why}\n${tableText(SWEEP_COLUMNS, sweeps as Json[], width)}`;
}

const SWEEP_COLUMNS = [
  field('SWEEP', 'name'),
  field('STATE', 'state'),
  field('SCANNED', 'scanned', { right: true }),
  field('FOUND', 'found', { right: true }),
  field('DELETED', 'deleted', { right: true }),
  field('FAILED', 'failed', { right: true }),
  field('OBJECTS', 'objects', { right: true }),
  field('LAST FAILURE', 'last_failure', { may_be_cut: true }),
];

const check = command({
  name: 'check',
  summary: 'Have an instance checked soon, or show what the last check has found',
  details:
    'A check compares the store with object storage, and changes neither. With --last it ends with 9 where the last check has found that something is missing, or did not come to its end.',
  arguments: { instance: instanceArgument },
  options: { last: flag('Show what the last check has found') },
  calls_service: true,
  examples: [
    { does: 'Begin', line: 'nereus recycle check demo' },
    { does: 'What came of it', line: 'nereus recycle check demo --last' },
  ],
  run: async ({ instance, last }, context) => {
    if (last) return lastCheck(await resultOf(context, 'check_job_info', { instance_id: instance }));
    await ask(context, 'check_instance', { instance_id: instance });
    return done(`instance ${instance} will be checked soon: see --last`, { instance_id: instance });
  },
});

function lastCheck(json: Json): Report {
  const check = json.check as Json | undefined;
  const found = check?.found as Json | undefined;
  return {
    json,
    text: (width) => {
      const state = check === undefined ? 'never' : textOf(check.state);
      const fields = { ...jobFields(json), 'last check': state, reason: textOf(check?.reason) };
      return fieldsText(fields) + (found === undefined ? '' : foundText(found, width));
    },
    code: check === undefined || isInOrder(check) ? ExitCode.Done : ExitCode.Unsound,
  };
}

const pause = command({
  name: 'pause',
  summary: 'Recycle an instance no more, or none at all, until it is resumed',
  details: "No process of Nereus does then. Doris's own recycler does not know this.",
  arguments: { instance: oneOrAll },
  calls_service: true,
  examples: [
    { does: 'One instance', line: 'nereus recycle pause demo' },
    { does: 'All of them', line: 'nereus recycle pause' },
  ],
  run: async ({ instance }, context) => pausesAfter('pause', instance, context),
});

const resume = command({
  name: 'resume',
  summary: 'Recycle an instance again, or all of them',
  arguments: { instance: oneOrAll },
  calls_service: true,
  examples: [{ does: 'One instance', line: 'nereus recycle resume demo' }],
  run: async ({ instance }, context) => pausesAfter('resume', instance, context),
});

async function pausesAfter(operation: string, instance: string | undefined, context: Context): Promise<Report> {
  const query: { instance_id?: string } = instance === undefined ? {} : { instance_id: instance };
  const json = await ownOperation(context, operation, query, 'RecyclerService');
  const ids = namesIn(json, 'paused_instance_ids', operation).join(', ');
  return { json, text: () => pausesText(json.paused === true, ids) };
}

function pausesText(all: boolean, ids: string): string {
  if (all) return `all recycling is paused${ids === '' ? '' : `; when it is resumed, these still are: ${ids}`}`;
  return ids === '' ? 'nothing is paused' : `paused: ${ids}`;
}

const statistics = command({
  name: 'statistics',
  summary: 'Show what the recycler has done, by instance',
  details: "Doris's own recycler does not know this.",
  arguments: { instance: oneOrAll },
  calls_service: true,
  examples: [{ does: 'Of all instances', line: 'nereus recycle statistics' }],
  run: async ({ instance }, context) => {
    const query: { instance_id?: string } = instance === undefined ? {} : { instance_id: instance };
    const json = await ownOperation(context, 'statistics_recycle', query, 'RecyclerService');
    const instances = listIn(json, 'instances', 'statistics_recycle');
    const none = 'no instance has been recycled';
    return { json, text: (width) => (instances.length === 0 ? none : tableText(ROUND_COLUMNS, instances, width)) };
  },
});

const ROUND_COLUMNS = [
  field('INSTANCE', 'instance_id'),
  field('ROUND', 'state'),
  { title: 'BEGUN', of: ({ began_ms }: Json) => timeText(began_ms) },
  { title: 'DELETED', of: (round: Json) => sumOf(round, 'deleted'), right: true },
  { title: 'FAILED', of: (round: Json) => sumOf(round, 'failed'), right: true },
  { title: 'OBJECTS', of: (round: Json) => sumOf(round, 'objects'), right: true },
  { title: 'BYTES', of: (round: Json) => sumOf(round, 'bytes'), right: true },
  field('REASON', 'reason', { may_be_cut: true }),
];

function sumOf({ sweeps = [] }: Json, name: string): number {
  return (sweeps as readonly Json[]).reduce((sum, sweep) => sum + Number(sweep[name] ?? 0), 0);
}

/** `nereus recycle`. */
export const recycle: Noun = {
  name: 'recycle',
  summary: 'The recycler, which deletes what was dropped',
  commands: [now, status, check, pause, resume, statistics],
};

function ask(
  { client }: Context,
  operation: string,
  query: NonNullable<AdminOptions['query']>,
  body?: object,
): Promise<AdminReply> {
  return client.admin(operation, body, { service: 'RecyclerService', query });
}

async function resultOf(context: Context, operation: string, query: { instance_id: string }): Promise<Json> {
  const { result, text } = await ask(context, operation, query);
  if (result !== undefined) return objectIn(result, operation);
  throw new CommandError(ExitCode.Failed, `${operation} was answered with what is no JSON: ${text.slice(0, 200)}`);
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** How much was looked at, how much was found, and the first of it. */
function foundText(found: Json, width: number | undefined): string {
  const numbers = Object.entries(found).filter(([name, value]) => typeof value === 'number' && !name.endsWith('_ms'));
  const counts = FINDINGS.map((kind) => [kind, (found[kind] as Json | undefined)?.count as number | undefined]);
  const first = FINDINGS.flatMap((kind) => ((found[kind] as Json | undefined)?.first ?? []) as readonly Json[]);
  const fields = fieldsText(Object.fromEntries([...numbers, ...counts]));
  return `\n\n${fields}${first.length === 0 ? '' : `\n\n${thingsText(first, width)}`}`;
}

/** Things with whatever fields they have. */
function thingsText(things: readonly Json[], width: number | undefined): string {
  const names = [...new Set(things.flatMap((thing) => Object.keys(thing)))];
  const columns = names.map((name) => field(name.toUpperCase().replaceAll('_', ' '), name));
  return tableText(columns, things, width);
}

const FINDINGS = ['lost', 'orphaned', 'inconsistent', 'unchecked'] as const;

/** Whether a check has found nothing that is not as it should be, as far as it has come. */
function isInOrder({ state, found }: Json): boolean {
  if (state === 'failed' || state === 'aborted') return false;
  const findings = (found ?? {}) as Readonly<Record<string, { readonly count?: number } | undefined>>;
  return FINDINGS.every((kind) => (findings[kind]?.count ?? 0) === 0);
}
