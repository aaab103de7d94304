import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseScrape } from '../../../../test/support/prometheus/parse.ts';
import { familyOf } from '../../../observe/metrics/family.ts';
import { CallCounts, DEFECT } from '../../../rpc/call-counts.ts';
import { MetaServiceCode } from '../../../schema/gen/cloud/status_pb.ts';
import type { Snapshot } from '../snapshot.ts';
import { METRICS } from '../table.ts';
import { RecentFigures } from './recent.ts';
import { brpcMetricsText, matching, varsText } from './show-vars.ts';
import { underscored, varsOf } from './vars.ts';

const { OK } = MetaServiceCode;
const NOTHING: Snapshot = { calls: [], families: [] };

/** Ten calls of an instance that took from 1 to 10 ms, and before them so many of 100 ms. */
function snapshots(earlier: number): { before: Snapshot; now: Snapshot } {
  const counts = new CallCounts(10);
  const families = (conflicts: number) => [familyOf(METRICS.store.conflicts, [[[], conflicts]])];
  for (let i = 0; i < earlier; i++)
    counts.add({ method: 'get_version', instance_id: 'Inst-1', retries: 0 }, OK, 100, false);
  const before = { calls: counts.snapshot(), families: families(1) };
  for (let ms = 1; ms <= 10; ms++)
    counts.add({ method: 'get_version', instance_id: 'Inst-1', retries: 0 }, OK, ms, false);
  counts.add({ method: 'get_version', instance_id: '', retries: 0 }, DEFECT, 1, false);
  return { before, now: { calls: counts.snapshot(), families: families(4) } };
}

describe('the variables of brpc', () => {
  const { before, now } = snapshots(1_000);
  const minute_before = { at_ms: 0, snapshot: NOTHING };
  const recent = { now: { at_ms: 20_000, snapshot: now }, before: { at_ms: 10_000, snapshot: before }, minute_before };
  const vars = varsOf(recent, 5000);
  const of = (name: string) => vars.find(([one]) => one === name)?.[1] ?? Number.NaN;

  test('are in microseconds, of what happened of late', () => {
    const prefix = 'ms_get_version_inst_1';
    expect(of(`${prefix}_count`)).toBe(1_010);
    expect(of(`${prefix}_qps`)).toBe(1);
    expect(of(`${prefix}_latency`)).toBe(5_500);
    expect(of(`${prefix}_latency_80`)).toBeGreaterThan(6_300);
    expect(of(`${prefix}_latency_80`)).toBeLessThanOrEqual(8_000);
    expect(of(`${prefix}_latency_99`)).toBeGreaterThan(8_000);
    expect(of(`${prefix}_max_latency`)).toBe(10_000);
  });

  test('have those of a server for each method', () => {
    const prefix = 'rpc_server_5000_doris_cloud_meta_service_get_version';
    expect(of(`${prefix}_count`)).toBe(1_011);
    expect(of(`${prefix}_error`)).toBe(1);
  });

  test('count the conflicts of a minute', () => {
    expect(of('txn_kv_commit_conflict')).toBe(4);
  });

  test('are in the order of their names, each once', () => {
    const names = vars.map(([name]) => name);
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toContain('process_uptime');
  });

  test('are listed with a colon', () => {
    expect(varsText([['a_b', 1.5]])).toBe('a_b : 1.5\r\n');
  });

  test('are gauges and summaries to Prometheus', () => {
    const families = parseScrape(brpcMetricsText(vars, 'rpc_server_5000'));
    const summary = families.find(({ type }) => type === 'summary');
    expect(summary?.name).toBe('rpc_server_5000_doris_cloud_meta_service_get_version');
    const values = Object.fromEntries(
      (summary?.samples ?? []).map(({ name, labels, value }) => [labels.quantile ?? name.split('_').at(-1), value]),
    );
    expect(Object.keys(values).sort()).toEqual(
      ['0.8', '0.9', '0.99', '0.999', '0.9999', '1', 'avg', 'count', 'sum'].sort(),
    );
    expect(values.sum).toBe((values.avg ?? 0) * (values.count ?? 0));
    const gauges = families.filter(({ type }) => type === 'gauge').map(({ name }) => name);
    expect(gauges).toContain('ms_get_version_inst_1_latency_99');
    expect(gauges).not.toContain('rpc_server_5000_doris_cloud_meta_service_get_version_latency_99');
  });

  test.each([
    ['', 4],
    ['ms_b_count', 1],
    ['*_count', 2],
    ['ms_$_count', 1],
    ['ms_b_count;process_*', 2],
    ['*count*,nothing', 2],
    ['ms*b*nt', 1],
    ['nothing', 0],
    [`${'*a'.repeat(200)}`, 0],
  ])('are chosen by the pattern %s', (pattern, count) => {
    const all = ['ms_b_count', 'ms_b_latency', 'process_uptime', 'txn_kv_commit_count'].map(
      (name) => [name, 1] as const,
    );
    expect(matching(all, pattern)).toHaveLength(count);
  });

  test.each([
    ['ms_get_version_instance', 'ms_get_version_instance'],
    ['doris.cloud.MetaService', 'doris_cloud_meta_service'],
    ['Inst-A1__x', 'inst_a1_x'],
    ['aBCd', 'a_bcd'],
  ])('are written as brpc does: %s', (name, written) => {
    expect(underscored(name)).toBe(written);
  });
});

describe('recent figures', () => {
  afterEach(() => vi.useRealTimers());

  test('are those since some ten seconds ago, for as long as somebody asks', async () => {
    vi.useFakeTimers();
    let at_ms = 5_000;
    let gathered = 0;
    const recent = new RecentFigures(
      async () => ({ ...NOTHING, calls: Array(++gathered) }),
      () => at_ms,
    );
    const pass = async (ms: number) => {
      at_ms += ms;
      await vi.advanceTimersByTimeAsync(ms);
    };
    expect((await recent.look()).before.at_ms).toBe(0);
    await pass(10_000);
    await pass(10_000);
    const { now, before, minute_before } = await recent.look();
    expect([now.at_ms, before.at_ms, minute_before.at_ms]).toEqual([25_000, 15_000, 5_000]);
    for (let i = 0; i < 40; i++) await pass(10_000);
    const before_rest = gathered;
    await pass(60_000);
    expect(gathered).toBe(before_rest);
    recent.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
