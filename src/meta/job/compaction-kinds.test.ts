import { readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  TabletCompactionJobPB_CompactionType as CompactionType,
  TabletCompactionJobPBSchema,
} from '../../schema/gen/cloud/job_pb.ts';
import { type CompactionKind, kindOf } from './compaction-kinds.ts';

const PAGE = readFileSync(new URL('../../../docs/jobs.md', import.meta.url), 'utf8');

/** The rows of the page's table of kinds, and what each says of a kind. */
const ROWS: Readonly<Record<string, (kind: CompactionKind) => string>> = {
  'must say when it expires': (kind) => yesNo(kind.needs_expiration),
  'its node must know all commits': (kind) => yesNo(kind.needs_fresh_cache),
  'clears what runs when it starts': (kind) => yesNo(kind.clears_others),
  'keeps out while it runs': (kind) => kind.keeps_out.replace('own kind', 'its kind'),
  'versions while a schema change runs': (kind) => kind.during_schema_change,
  'puts its output in place of its input': ({ commit }) => (commit ? yesNo(commit.replaces_rowsets) : ''),
  'counts as': ({ commit }) => commit?.count.replace('CompactionCnt', '') ?? '',
  'the cumulative point': ({ commit }) => commit?.point ?? '',
};

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

function rowOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

test('the page of jobs has the kinds of compaction as they are', () => {
  const lines = PAGE.split('\n').map((line) => rowOf(line));
  const head = lines.find((row) => row[1] === 'BASE');
  expect(head).toEqual(['', 'BASE', 'CUMULATIVE', 'EMPTY_CUMULATIVE', 'FULL', 'STOP_TOKEN']);
  const kinds = head?.slice(1).map((name) => {
    const type = CompactionType[name as keyof typeof CompactionType];
    return kindOf(create(TabletCompactionJobPBSchema, { type }));
  });
  for (const [name, cell] of Object.entries(ROWS)) {
    expect(lines.find((row) => row[0] === name)?.slice(1), name).toEqual(kinds?.map(cell));
  }
});

test('a kind that is not known can be started and aborted, and nothing else', () => {
  const kind = kindOf(create(TabletCompactionJobPBSchema));
  expect(kind).toMatchObject({ keeps_out: 'own kind', clears_others: false, during_schema_change: 'none' });
  expect(kind.commit).toBeUndefined();
});
