import { command, type Noun } from '../program/command.ts';
import { required, several } from '../program/value.ts';
import { done } from '../show/report.ts';
import { callerOf, idKind, instanceArgument, nameKind } from './values.ts';

const abort = command({
  name: 'abort',
  summary: 'Abort compactions of a tablet',
  details: 'What the backend has compacted so far is lost; it may begin again.',
  arguments: {
    instance: instanceArgument,
    tablet: required(idKind('TABLET_ID'), 'The id of the tablet'),
    job: several(nameKind('JOB_ID'), 'The id of a compaction', 1),
  },
  calls_service: true,
  asks: true,
  examples: [
    {
      does: 'See which jobs there are, then abort one',
      line: 'nereus key get JobTabletKey instance_id=demo table_id=1 index_id=2 part_id=3 tablet_id=10105',
    },
    { does: 'In a script', line: 'nereus job abort demo 10105 1f0e --yes' },
  ],
  run: async ({ instance, tablet, job }, context) => {
    await context.confirm(
      `Abort ${job.length === 1 ? `compaction ${job[0]}` : `${job.length} compactions`} of tablet ${tablet}?`,
    );
    await context.client.admin('abort_tablet_job', {
      cloud_unique_id: callerOf(instance),
      job: { idx: { tablet_id: tablet }, compaction: job.map((id) => ({ id })) },
    });
    return done(`aborted ${job.join(', ')} of tablet ${tablet}`, {
      instance_id: instance,
      tablet_id: tablet,
      jobs: job,
    });
  },
});

/** `nereus job`. */
export const job: Noun = { name: 'job', summary: 'Jobs on tablets: compactions', commands: [abort] };
