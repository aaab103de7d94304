import { toJson } from '@bufbuild/protobuf';
import { command, type Noun } from '../program/command.ts';
import { several } from '../program/value.ts';
import { field } from '../show/list.ts';
import { tableText } from '../show/table.ts';
import { callerOf, idKind, instanceArgument } from './values.ts';

const stats = command({
  name: 'stats',
  summary: 'Show what tablets hold',
  arguments: { instance: instanceArgument, tablet: several(idKind('TABLET_ID'), 'The id of a tablet', 1) },
  calls_service: true,
  examples: [{ does: 'Two tablets', line: 'nereus tablet stats demo 10105 10107' }],
  run: async ({ instance, tablet }, { client }) => {
    const { TabletStatsPBSchema } = await import('../../schema/gen/cloud/tablet_stats_pb.ts');
    const tabletIdx = tablet.map((tabletId) => ({ tabletId }));
    const { tabletStats } = await client.get_tablet_stats({ cloudUniqueId: callerOf(instance), tabletIdx });
    const tablets = tabletStats.map(
      (one) => toJson(TabletStatsPBSchema, one, { useProtoFieldName: true }) as Readonly<Record<string, unknown>>,
    );
    return { json: { tablets }, text: (width) => tableText(STATS_COLUMNS, tablets, width) };
  },
});

const STATS_COLUMNS = [
  { title: 'TABLET', of: (stats: Readonly<Record<string, unknown>>) => tabletOf(stats), right: true },
  field('ROWS', 'num_rows', { right: true }),
  field('BYTES', 'data_size', { right: true }),
  field('INDEX BYTES', 'index_size', { right: true }),
  field('ROWSETS', 'num_rowsets', { right: true }),
  field('SEGMENTS', 'num_segments', { right: true }),
  field('CUMULATIVE POINT', 'cumulative_point', { right: true }),
  field('COMPACTIONS', 'cumulative_compaction_cnt', { right: true }),
];

function tabletOf({ idx }: Readonly<Record<string, unknown>>): string | undefined {
  return (idx as { readonly tablet_id?: string } | undefined)?.tablet_id;
}

/** `nereus tablet`. */
export const tablet: Noun = { name: 'tablet', summary: 'Tablets: the parts of tables', commands: [stats] };
