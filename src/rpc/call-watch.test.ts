import { describe, expect, test } from 'vitest';
import { createLogger } from '../observe/logger.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { CallCounts, DEFECT } from './call-counts.ts';
import { CallWatch, type Ending } from './call-watch.ts';
import { Progress } from './progress.ts';

const { OK, TXN_ID_NOT_FOUND } = MetaServiceCode;

function watching(slow_call_ms: number, level: 'debug' | 'info' = 'debug') {
  const lines: Record<string, unknown>[] = [];
  const counts = new CallCounts(10);
  const sink = { write: (line: string) => void lines.push(JSON.parse(line)), flush: async () => undefined };
  const watch = new CallWatch({ logger: createLogger({ level, sink }), counts, slow_call_ms });
  /** A call that takes so long. */
  const end = (ending: Ending, duration_ms: number, message = '', parts: Partial<Progress> = {}) => {
    const progress = new Progress('get_txn', { request_id: 'r1' });
    Object.assign(progress, { instance_id: 'i', ...parts });
    Object.defineProperty(progress, 'duration_ms', { value: duration_ms });
    watch.ended(progress, ending, message);
  };
  return { lines, counts, end };
}

describe('calls', () => {
  test('are logged with their ids, those that failed at a level that is kept', () => {
    const { lines, end } = watching(1_000);
    end(OK, 1);
    end(TXN_ID_NOT_FOUND, 1, 'no such txn');
    expect(lines).toMatchObject([
      { level: 'debug', msg: 'call', request_id: 'r1', instance_id: 'i', code: 'OK' },
      { level: 'info', msg: 'call', request_id: 'r1', message: 'no such txn', code: 'TXN_ID_NOT_FOUND' },
    ]);
  });

  test('that ended by a defect are left to the line that tells of it', () => {
    const { lines, counts, end } = watching(1_000);
    end(DEFECT, 1);
    expect(lines).toEqual([]);
    expect(counts.snapshot()[0]?.codes).toEqual({ DEFECT: 1 });
  });

  test('that are slow have one line, with where the time went', () => {
    const { lines, counts, end } = watching(1_000, 'info');
    end(OK, 999.9);
    end(OK, 1_000, '', { queue_ms: 100, read_ms: 200, commit_ms: 300, retry_ms: 50, encode_ms: 25, attempts: 2 });
    expect(lines).toEqual([
      {
        ...{ level: 'warn', time: expect.any(String), msg: 'a slow call', method: 'get_txn', instance_id: 'i' },
        ...{ request_id: 'r1', code: 'OK', message: '', duration_ms: 1_000, attempts: 2 },
        ...{ queue_ms: 100, read_ms: 200, commit_ms: 300, retry_ms: 50, encode_ms: 25, rest_ms: 325 },
      },
    ]);
    expect(counts.snapshot()[0]?.slow).toBe(1);
  });

  test('that are slow are all counted, and only so many logged', () => {
    const { lines, counts, end } = watching(1, 'info');
    for (let i = 0; i < 500; i++) end(OK, 2);
    expect(counts.snapshot()[0]?.slow).toBe(500);
    expect(lines.length).toBeGreaterThanOrEqual(20);
    expect(lines.length).toBeLessThan(200);
  });

  test('are never slow where the settings say so', () => {
    const { lines, end } = watching(0, 'info');
    end(OK, 1_000_000);
    expect(lines).toEqual([]);
  });

  test('have their long messages cut', () => {
    const { lines, end } = watching(0);
    end(TXN_ID_NOT_FOUND, 1, 'x'.repeat(10_000));
    expect(String(lines[0]?.message)).toHaveLength(2_003);
  });
});
