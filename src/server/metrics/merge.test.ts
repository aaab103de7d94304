import { describe, expect, test } from 'vitest';
import { lintScrape } from '../../../test/support/prometheus/lint.ts';
import { Scrape } from '../../../test/support/prometheus/scrape.ts';
import { BoundedLabels } from '../../observe/metrics/bounded-labels.ts';
import { type Family, familyOf, histogramOf } from '../../observe/metrics/family.ts';
import { CallCounts } from '../../rpc/call-counts.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { countsOf, merged, NOTHING } from './merge.ts';
import { prometheusText } from './prometheus-text.ts';
import type { Snapshot } from './snapshot.ts';
import { METRICS } from './table.ts';

const { store, connections, recycler } = METRICS;

function snapshotOf(instances: readonly string[], families: readonly Family[] = []): Snapshot {
  const calls = new CallCounts(2);
  for (const id of instances)
    calls.add({ method: 'get_version', instance_id: id, retries: 1 }, MetaServiceCode.OK, 3, false);
  return { calls: calls.snapshot(), families };
}

const shown = async (snapshots: readonly Snapshot[], most = 3) =>
  new Scrape(await prometheusText(await merged(snapshots, new BoundedLabels(most))));

describe('what several processes tell', () => {
  test('is added where it counts, and where they share it the largest stands', async () => {
    const families = (commits: number, size: number) => [
      familyOf(store.commits, [[[], commits]]),
      familyOf(store.size, [[[], size]]),
      familyOf(store.usable, [[[], commits > 3 ? 1 : 0]]),
      familyOf(connections.open, [[['http1'], commits]]),
      histogramOf(store.batchCommits, [[[], { bounds: [1, 2], upTo: [1, commits], total: commits, sum: 9 }]]),
    ];
    const all = await shown([snapshotOf(['a'], families(3, 100)), snapshotOf(['a', 'b'], families(4, 90))]);
    expect(all.sum('nereus_store_commits_total')).toBe(7);
    expect(all.sum('nereus_store_size_bytes')).toBe(100);
    expect(all.sum('nereus_store_usable')).toBe(0);
    expect(all.sum('nereus_connections', { protocol: 'http1' })).toBe(7);
    expect(all.sum('nereus_store_batch_commits_bucket', { le: '1' })).toBe(2);
    expect(all.sum('nereus_store_batch_commits_count')).toBe(7);
    expect(all.sum('nereus_calls_total', { instance_id: 'a' })).toBe(2);
    expect(all.sum('nereus_call_duration_seconds_count')).toBe(3);
    expect(all.sum('nereus_call_retries_total')).toBe(3);
    expect(lintScrape(all.text)).toEqual([]);
  });

  test('has no more instances together than are told apart', async () => {
    const all = await shown([snapshotOf(['a', 'b', 'c']), snapshotOf(['d', 'e', 'f', 'a'])]);
    expect(all.labels('nereus_calls_total', 'instance_id')).toEqual(['a', 'b', 'd', 'other']);
    expect(all.sum('nereus_calls_total')).toBe(7);
    expect(lintScrape(all.text)).toEqual([]);
  });

  test('of one that has ended, the counts stay, and nothing else', async () => {
    const families = [
      familyOf(store.commits, [[[], 5]]),
      familyOf(store.waiting, [[[], 5]]),
      {
        ...({ name: 'process_cpu_seconds_total', help: 'h', type: 'counter', aggregator: 'sum' } as const),
        values: [{ labels: { worker: '1' }, value: 3 }],
      },
    ];
    const all = await shown([countsOf(snapshotOf(['a'], families)), NOTHING]);
    expect(all.sum('nereus_store_commits_total')).toBe(5);
    expect(all.sum('nereus_calls_total')).toBe(1);
    expect(all.series('nereus_store_waiting_commits')).toEqual([]);
    expect(all.series('process_cpu_seconds_total')).toEqual([]);
  });

  test('may hold any text in a label', async () => {
    const name = 'a "quoted"\\ name\nof two lines, {and=more}';
    const text = await prometheusText({ calls: [], families: [familyOf(recycler.found, [[[name], 1]])] });
    expect(lintScrape(text)).toEqual([]);
    expect(new Scrape(text).labels(recycler.found.name, 'sweep')).toEqual([name]);
  });
});
