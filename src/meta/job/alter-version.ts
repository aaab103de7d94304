import {
  type TabletCompactionJobPB,
  TabletCompactionJobPBSchema,
  type TabletSchemaChangeJobPB,
} from '../../schema/gen/cloud/job_pb.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { MetaError } from '../meta-error.ts';
import { quote } from '../quote.ts';
import { type CompactionKind, kindOf } from './compaction-kinds.ts';
import { inputVersions, type VersionRange } from './version-range.ts';

/** The version of a tablet's first load. Below it there is only the empty rowset that every tablet is created with. */
export const FIRST_LOADED_VERSION = 2n;

/**
 * Refuses a compaction across the version up to which a schema change converts rowsets: the change would then find
 * neither the rowsets that it is to convert nor those that come after them. A change that converts none, or doesn't say
 * up to where, holds nothing up. Throws JOB_CHECK_ALTER_VERSION, and answers the version.
 */
export function checkAlterVersion(
  compaction: TabletCompactionJobPB,
  schemaChange: TabletSchemaChangeJobPB | undefined,
): void {
  if (!schemaChange || !isSet(schemaChange, 'alterVersion')) return;
  const { alterVersion } = schemaChange;
  const { during_schema_change: allowed } = kindOf(compaction);
  if (allowed === 'any' || alterVersion < FIRST_LOADED_VERSION) return;
  const refuse = (why: string) => new MetaError(MetaServiceCode.JOB_CHECK_ALTER_VERSION, why, { alterVersion });

  const range = inputVersions(compaction);
  if (!range) {
    const rule =
      'The compaction need to know [start_version, end_version], and the start_version should LE end_version.';
    throw refuse(`${rule} \ncompaction job=${quote(TabletCompactionJobPBSchema, compaction)}`);
  }
  if (keepsClear(allowed, range, alterVersion)) return;
  const versions = `input_version_start=${range.first} input_version_end=${range.last}`;
  throw refuse(
    `Check compaction input versions failed in schema change. ${versions} schema_change_alter_version=${alterVersion}`,
  );
}

function keepsClear(
  allowed: CompactionKind['during_schema_change'],
  { first, last }: VersionRange,
  alterVersion: bigint,
): boolean {
  if (allowed === 'up to it') return last <= alterVersion;
  return allowed === 'above it' && first > alterVersion;
}
