import { parseScrape, type ScrapedFamily, type ScrapedSample } from './parse.ts';

/** Units that are not the base ones, and words that say the type. */
const BAD_WORDS =
  /(?:^|_)(?:ms|us|ns|milliseconds?|microseconds?|nanoseconds?|minutes?|hours?|days?|kb|mb|gb|kib|mib|kilobytes?|megabytes?|gigabytes?|bits?|percent|counter|gauge|histogram|summary)(?:_|$)/;

/**
 * What is wrong with a scrape by the rules of `promtool check metrics` and the conventions behind them: nothing, or one
 * line for each fault.
 */
export function lintScrape(text: string): string[] {
  const families = parseScrape(text);
  return [...families.flatMap(lintFamily), ...duplicates(families)];
}

function lintFamily(family: ScrapedFamily): string[] {
  const { name, help, type, samples } = family;
  const faults: string[] = [];
  const fault = (what: string) => faults.push(`${name}: ${what}`);
  if (help.trim() === '') fault('no help');
  if (!['counter', 'gauge', 'histogram', 'summary'].includes(type)) fault(`type ${type}`);
  if (type === 'counter' && !name.endsWith('_total')) fault('a counter should end in _total');
  if (type !== 'counter' && /_(?:total|bucket|count|sum)$/.test(name)) fault(`a ${type} should not end so`);
  if (/[A-Z:]/.test(name)) fault('not in snake case');
  if (BAD_WORDS.test(name)) fault('a unit that is no base unit, or the type, in the name');
  for (const { labels, value } of samples) {
    for (const label of Object.keys(labels)) if (/^__|[A-Z]/.test(label)) fault(`label ${label}`);
    if (type === 'counter' && !(value >= 0)) fault(`a counter of ${value}`);
  }
  if (type === 'histogram') faults.push(...lintHistogram(family));
  return faults;
}

/** Buckets must rise with their bounds, in order, up to one without a bound that holds as many as there are. */
function lintHistogram({ name, samples }: ScrapedFamily): string[] {
  const faults: string[] = [];
  for (const [series, group] of groups(samples)) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const of = (end: string) => group.filter((sample) => sample.name === name + end).map(({ value }) => value);
    const [count, sum] = [of('_count'), of('_sum')];
    if (count.length !== 1 || sum.length !== 1)
      faults.push(`${name}${series}: ${count.length} counts, ${sum.length} sums`);
    const bounds = buckets.map(({ labels }) => (labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)));
    if (bounds.some((bound, i) => Number.isNaN(bound) || bound <= (bounds[i - 1] ?? Number.NEGATIVE_INFINITY)))
      faults.push(`${name}${series}: bounds ${bounds}`);
    if (buckets.some(({ value }, i) => value < (buckets[i - 1]?.value ?? 0)))
      faults.push(`${name}${series}: buckets are not cumulative`);
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY || buckets.at(-1)?.value !== count[0])
      faults.push(`${name}${series}: the last bucket does not hold all`);
  }
  return faults;
}

function groups(samples: readonly ScrapedSample[]): Map<string, ScrapedSample[]> {
  const found = new Map<string, ScrapedSample[]>();
  for (const sample of samples) {
    const { le, ...labels } = sample.labels;
    const key = JSON.stringify(Object.entries(labels).sort());
    found.set(key, [...(found.get(key) ?? []), sample]);
  }
  return found;
}

function duplicates(families: readonly ScrapedFamily[]): string[] {
  const seen = new Set<string>();
  return families
    .flatMap(({ samples }) =>
      samples.map(({ name, labels }) => `${name} ${JSON.stringify(Object.entries(labels).sort())}`),
    )
    .filter((series) => seen.size === seen.add(series).size)
    .map((series) => `${series}: twice`);
}
