import { describe, expect, test } from 'vitest';
import { lintScrape } from '../support/prometheus/lint.ts';

const lines = (...all: string[]) => `${all.join('\n')}\n`;
const head = (name: string, type: string) => [`# HELP ${name} What it is.`, `# TYPE ${name} ${type}`];
const histogram = (...samples: string[]) => lines(...head('a_seconds', 'histogram'), ...samples);

describe('the linter', () => {
  test('finds nothing in what is right', () => {
    const text = lines(
      ...head('a_total', 'counter'),
      'a_total{x="1"} 1',
      'a_total{x="2"} 2.5e+3',
      ...head('b_seconds', 'histogram'),
      'b_seconds_bucket{le="0.5"} 1',
      'b_seconds_bucket{le="+Inf"} 2',
      'b_seconds_sum 3',
      'b_seconds_count 2',
    );
    expect(lintScrape(text)).toEqual([]);
  });

  test.each([
    ['a counter without _total', lines(...head('a', 'counter'), 'a 1')],
    ['a gauge with _total', lines(...head('a_total', 'gauge'), 'a_total 1')],
    ['a unit that is no base unit', lines(...head('a_milliseconds', 'gauge'), 'a_milliseconds 1')],
    ['the type in the name', lines(...head('a_gauge', 'gauge'), 'a_gauge 1')],
    ['no help', lines('# HELP a ', '# TYPE a gauge', 'a 1')],
    ['a counter below 0', lines(...head('a_total', 'counter'), 'a_total -1')],
    ['a series twice', lines(...head('a', 'gauge'), 'a{x="1",y="2"} 1', 'a{y="2",x="1"} 1')],
    [
      'buckets that fall',
      histogram('a_seconds_bucket{le="1"} 2', 'a_seconds_bucket{le="+Inf"} 1', 'a_seconds_sum 1', 'a_seconds_count 1'),
    ],
    [
      'buckets out of order',
      histogram(
        'a_seconds_bucket{le="2"} 1',
        'a_seconds_bucket{le="1"} 1',
        'a_seconds_bucket{le="+Inf"} 1',
        'a_seconds_sum 1',
        'a_seconds_count 1',
      ),
    ],
    [
      'a last bucket that lacks some',
      histogram('a_seconds_bucket{le="+Inf"} 1', 'a_seconds_sum 1', 'a_seconds_count 2'),
    ],
    ['no sum', histogram('a_seconds_bucket{le="+Inf"} 1', 'a_seconds_count 1')],
  ])('finds %s', (_, text) => {
    expect(lintScrape(text)).toHaveLength(1);
  });

  test.each([
    ['a sample before its TYPE', lines('a 1', ...head('a', 'gauge'))],
    ['a sample of another family', lines(...head('a', 'gauge'), 'b 1')],
    ['TYPE twice', lines(...head('a', 'gauge'), '# TYPE a gauge', 'a 1')],
    ['a quotation mark in a label', lines(...head('a', 'gauge'), 'a{x="a"b"} 1')],
    ['a value that is none', lines(...head('a', 'gauge'), 'a undefined')],
    ['a last line without an end', 'a 1'],
  ])('can not read %s', (_, text) => {
    expect(() => lintScrape(text)).toThrow();
  });
});
