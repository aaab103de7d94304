import { describe, expect, test } from 'vitest';
import { ALERTS, alertRules } from './alerts.ts';
import { metricsDocs } from './docs.ts';
import { ALL_METRICS } from './table.ts';

describe('what is derived from the table of metrics', () => {
  test('docs/metrics.md is current', async () => {
    await expect(metricsDocs()).toMatchFileSnapshot('../../../docs/metrics.md');
  });

  test('the rules for Prometheus are current', async () => {
    await expect(alertRules()).toMatchFileSnapshot('../../../docs/prometheus/nereus-alerts.yml');
  });
});

describe('the table of metrics', () => {
  test('has each name once', () => {
    const names = ALL_METRICS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  test('has every metric that an alert asks for', () => {
    const known = new Set(
      ALL_METRICS.flatMap(({ name, type }) =>
        type === 'histogram' ? ['_bucket', '_sum', '_count'].map((end) => name + end) : [name],
      ),
    );
    const asked = ALERTS.flatMap(({ expr }) => expr.match(/\bnereus_\w+/g) ?? []);
    expect(asked.length).toBeGreaterThanOrEqual(ALERTS.length);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});
