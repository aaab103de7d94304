import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import {
  TabletCompactionJobPB_CompactionType as CompactionType,
  type TabletCompactionJobPB,
  TabletCompactionJobPBSchema,
} from '../../schema/gen/cloud/job_pb.ts';
import { firstInTheWay, versionsToAvoid } from './compaction-conflicts.ts';

const { BASE, CUMULATIVE, EMPTY_CUMULATIVE, FULL, STOP_TOKEN, UNKOWN } = CompactionType;
const ALL = [UNKOWN, BASE, CUMULATIVE, EMPTY_CUMULATIVE, FULL, STOP_TOKEN];

function job(type: CompactionType, inputVersions: bigint[] = [], check?: boolean): TabletCompactionJobPB {
  const id = `${CompactionType[type]} ${inputVersions}`;
  const checked = check === undefined ? {} : { checkInputVersionsRange: check };
  return create(TabletCompactionJobPBSchema, { id, type, inputVersions, ...checked });
}

function meets(running: TabletCompactionJobPB, wanted: TabletCompactionJobPB): boolean {
  return firstInTheWay([running], wanted) !== undefined;
}

describe('without input versions', () => {
  test.each(ALL.map((type) => [CompactionType[type] as string, type] as const))('%s starts beside', (_, wanted) => {
    const beside = ALL.filter((running) => !meets(job(running), job(wanted)));
    const expected: Partial<Record<CompactionType, CompactionType[]>> = {
      // These clear what runs. Only a stop token is not cleared.
      [FULL]: [UNKOWN, BASE, CUMULATIVE, EMPTY_CUMULATIVE, FULL],
      [STOP_TOKEN]: [UNKOWN, BASE, CUMULATIVE, EMPTY_CUMULATIVE, FULL],
    };
    const others = ALL.filter((running) => running !== wanted && running !== FULL && running !== STOP_TOKEN);
    expect(beside).toEqual(expected[wanted] ?? others);
  });
});

describe('with input versions', () => {
  const running = job(CUMULATIVE, [5n, 7n]);

  test.each([
    ['before', [2n, 4n], false],
    ['behind', [8n, 9n], false],
    ['at the beginning', [2n, 5n], true],
    ['at the end', [7n, 7n], true],
    ['inside', [6n, 6n], true],
    ['around', [2n, 9n], true],
  ] as const)('one kind runs side by side where they do not meet: %s', (_, versions, expected) => {
    expect(meets(running, job(CUMULATIVE, [...versions]))).toBe(expected);
    expect(meets(job(CUMULATIVE, [...versions]), running)).toBe(expected);
    expect(meets(job(FULL, [...versions]), running)).toBe(expected);
    expect(meets(job(BASE, [...versions]), running)).toBe(false);
  });

  test('a stop token keeps out whatever they are', () => {
    expect(meets(job(STOP_TOKEN, [1n, 1n]), job(CUMULATIVE, [5n, 7n]))).toBe(true);
  });

  test.each([[[]], [[5n]], [[7n, 5n]], [[1n, 2n, 3n]]])('those that are no range meet all: %s', (versions) => {
    expect(meets(running, job(CUMULATIVE, versions, true))).toBe(true);
    expect(meets(running, job(CUMULATIVE, versions))).toBe(true);
    expect(meets(job(CUMULATIVE, versions), job(CUMULATIVE, [20n, 21n]))).toBe(true);
  });

  test('the new one may ask not to compare its own', () => {
    expect(meets(running, job(CUMULATIVE, [8n, 9n], false))).toBe(true);
    expect(meets(running, job(CUMULATIVE, [8n, 9n], true))).toBe(false);
    expect(meets(job(CUMULATIVE, [5n, 7n], false), job(CUMULATIVE, [8n, 9n]))).toBe(false);
  });
});

test('the first one in the way counts', () => {
  const running = [job(BASE), job(CUMULATIVE, [2n, 4n]), job(CUMULATIVE, [5n, 7n])];
  expect(firstInTheWay(running, job(CUMULATIVE, [4n, 6n]))).toBe(running[1]);
  expect(firstInTheWay(running, job(CUMULATIVE, [6n, 6n]))).toBe(running[2]);
  expect(firstInTheWay(running, job(CUMULATIVE, [8n, 8n]))).toBeUndefined();
  expect(firstInTheWay([], job(CUMULATIVE))).toBeUndefined();
});

describe('the versions to avoid', () => {
  const [low, full, high] = [job(CUMULATIVE, [2n, 4n]), job(FULL, [5n, 6n]), job(CUMULATIVE, [8n, 9n])];
  const running = [low, job(BASE, [1n, 1n]), full, high];

  test('are those of all that keep the new one out', () => {
    expect(versionsToAvoid(running, job(CUMULATIVE, [4n, 4n]), low)).toEqual([2n, 4n, 5n, 6n, 8n, 9n]);
  });

  test('are none where other versions would not help', () => {
    expect(versionsToAvoid([job(STOP_TOKEN, [1n, 2n])], low, job(STOP_TOKEN, [1n, 2n]))).toEqual([]);
    expect(versionsToAvoid(running, job(CUMULATIVE), low)).toEqual([]);
    expect(versionsToAvoid(running, job(CUMULATIVE, [4n, 4n], false), low)).toEqual([]);
    expect(versionsToAvoid([job(CUMULATIVE)], job(CUMULATIVE, [4n, 4n]), job(CUMULATIVE))).toEqual([]);
  });
});
