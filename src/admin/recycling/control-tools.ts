import { keys } from '../../keys/key-table.ts';
import { unknownInstance } from '../../meta/instance/instance-fault.ts';
import { invalid } from '../../meta/meta-error.ts';
import { recordExists } from '../../records/message-record.ts';
import { scanRecords } from '../../records/scan-records.ts';
import { readControl } from '../../recycler/control.ts';
import { shownReport } from '../../recycler/round-report.ts';
import type { HttpAnswer } from '../http-types.ts';
import { instanceOf, json, type RecyclerCall } from './recycler-call.ts';

/** `pause`: an instance, or without one everything, is recycled no more until `resume`, by no process of Nereus. */
export async function pauseTool(call: RecyclerCall): Promise<HttpAnswer> {
  const instance_id = whichInstance(call);
  if (instance_id !== undefined) {
    const known = await call.store.transact((txn) =>
      recordExists(txn, keys.instance, { instance_id }, { snapshot: true }),
    );
    if (!known) throw unknownInstance(instance_id);
  }
  return shownPauses(await call.recycler.pause(instance_id));
}

/** `resume`: an instance, or without one everything, is recycled again. */
export async function resumeTool(call: RecyclerCall): Promise<HttpAnswer> {
  return shownPauses(await call.recycler.resume(whichInstance(call)));
}

/** An instance that is named with no name is a mistake, and must not stand for all of them. */
function whichInstance(call: RecyclerCall): string | undefined {
  return call.query.get('instance_id') === undefined ? undefined : instanceOf(call);
}

function shownPauses({ paused, paused_instance_ids }: { paused: boolean; paused_instance_ids: readonly string[] }) {
  return json({ paused, paused_instance_ids });
}

/** How many instances an answer has. */
const MOST_INSTANCES = 1000;

/**
 * `statistics_recycle`: what the process that answers does and has done, and the last rounds over all instances or one, by
 * whichever process. They come in pages: the next one begins behind `after`.
 */
export async function statisticsTool({ query, recycler, runner, now_ms }: RecyclerCall): Promise<HttpAnswer> {
  const one = query.decoded('instance_id');
  const after = query.decoded('after');
  if (one !== '' && after !== '') throw invalid('instance_id and after exclude each other');
  const { control, reports } = await runner.read('statistics_recycle', async ({ txn }) => {
    const reports: { instance_id: string; report: object }[] = [];
    const options = { snapshot: true };
    const kind = keys.systemRecycleReport;
    for await (const { fields, message } of scanRecords(txn, kind, one === '' ? {} : { instance_id: one }, options)) {
      if (after !== '' && fields.instance_id <= after) continue;
      reports.push({ instance_id: fields.instance_id, report: shownReport(message, now_ms()) });
      if (reports.length > MOST_INSTANCES) break;
    }
    return { control: await readControl(txn), reports };
  });
  const shown = reports.slice(0, MOST_INSTANCES);
  const more = reports.length > shown.length && { next_after: shown.at(-1)?.instance_id };
  const instances = shown.map(({ instance_id, report }) => ({ instance_id, ...report }));
  return json({ process: recycler.statistics(), ...control, instances, ...more });
}
