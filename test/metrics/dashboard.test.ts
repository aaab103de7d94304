import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_METRICS } from '../../src/server/metrics/table.ts';
import { read } from '../repository/files.ts';
import { type Scrape, scrape } from '../support/prometheus/scrape.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(read('docs/grafana/nereus.json'));
const panels: readonly Panel[] = dashboard.panels;
const queries: readonly string[] = [
  ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.map(({ query }: { query: string }) => query),
];

/** The names of series, and the labels, that a metric may have. */
const declared = new Map(
  ALL_METRICS.flatMap(({ name, type, labels }) =>
    (type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']).map((end) => [name + end, new Set<string>(labels)]),
  ),
);
const METRIC = /\b(?:nereus|process|nodejs)_[a-z0-9_]+/g;
/** Those that Prometheus adds, and those of the figures of processes. */
const ALWAYS = ['job', 'instance', 'worker', 'le'];

let server: TestServer;
let found: Scrape;
beforeAll(async () => {
  server = await startTestServer();
  found = await scrape(server.base);
});
afterAll(() => server.stop());

describe('the dashboard', () => {
  test('asks for metrics that there are', () => {
    const names = new Set(queries.flatMap((query) => query.match(METRIC) ?? []));
    expect(names.size).toBeGreaterThan(30);
    const served = new Set(found.families.map(({ name }) => name));
    expect([...names].filter((name) => !declared.has(name) && !served.has(name))).toEqual([]);
  });

  test('leaves no metric of the service out but what it is made with', () => {
    const shown = new Set(queries.flatMap((query) => query.match(METRIC) ?? []));
    const isShown = (name: string) => ['', '_bucket', '_sum', '_count'].some((end) => shown.has(name + end));
    const left = ALL_METRICS.map(({ name }) => name).filter((name) => !isShown(name));
    expect(left).toEqual(['nereus_connections_all', 'nereus_workers']);
  });

  test('selects and groups by labels that they have', () => {
    for (const query of queries) {
      for (const [, name = '', selectors = ''] of query.matchAll(/\b(nereus_[a-z_]+)\{([^}]*)\}/g)) {
        const labels = [...selectors.matchAll(/(\w+)\s*(?:=~|!=|!~|=)/g)].map(([, label = '']) => label);
        const unknown = labels.filter((label) => !ALWAYS.includes(label) && !declared.get(name)?.has(label));
        expect(unknown, query).toEqual([]);
      }
      const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(/,\s*/));
      const of = (query.match(METRIC) ?? []).flatMap((name) => [...(declared.get(name) ?? [])]);
      expect(
        grouped.filter((label) => !ALWAYS.includes(label) && !of.includes(label)),
        query,
      ).toEqual([]);
    }
  });

  test('has its panels beside each other, each with an id of its own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [i, one] of panels.entries()) {
      const { x, y, w, h } = one.gridPos;
      expect(x + w, one.title).toBeLessThanOrEqual(24);
      for (const { title, gridPos: other } of panels.slice(i + 1)) {
        const isApart = x + w <= other.x || other.x + other.w <= x || y + h <= other.y || other.y + other.h <= y;
        expect(isApart, `${one.title} and ${title}`).toBe(true);
      }
    }
  });
});
