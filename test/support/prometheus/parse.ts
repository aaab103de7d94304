/** A family of series as a scrape has it. */
export interface ScrapedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly ScrapedSample[];
}

export interface ScrapedSample {
  /** That of the family, or it with `_bucket`, `_sum` or `_count` behind it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const HEAD = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) ?(.*)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/;
const NUMBER = /^(?:[+-]?Inf|NaN|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i;

/**
 * Reads Prometheus' text format, version 0.0.4, strictly: HELP and TYPE once, before the samples of their family, and no
 * sample that belongs to another one. Throws an error that names the line.
 */
export function parseScrape(text: string): ScrapedFamily[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, { name: string; help?: string; type?: string; samples: ScrapedSample[] }>();
  let last: string | undefined;
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, kind, name = '', rest = ''] = HEAD.exec(line) ?? [];
    if (kind !== undefined) {
      const family = families.get(name) ?? { name, samples: [] };
      if (family.samples.length > 0) throw new Error(`${kind} after the samples: ${line}`);
      if (family[kind === 'HELP' ? 'help' : 'type'] !== undefined) throw new Error(`${kind} twice: ${line}`);
      family[kind === 'HELP' ? 'help' : 'type'] = rest;
      families.set(name, family);
      last = name;
    } else {
      const sample = parseSample(line);
      const family = last === undefined ? undefined : families.get(last);
      if (family === undefined || !belongs(sample.name, family)) throw new Error(`no family begun for: ${line}`);
      family.samples.push(sample);
    }
  }
  return [...families.values()].map(({ name, help, type, samples }) => {
    if (help === undefined || type === undefined) throw new Error(`${name} has no HELP or no TYPE`);
    return { name, help, type, samples };
  });
}

function belongs(sample: string, { name, type }: { readonly name: string; readonly type?: string }): boolean {
  if (type === 'histogram') return ['_bucket', '_sum', '_count'].some((end) => sample === name + end);
  if (type === 'summary') return ['', '_sum', '_count'].some((end) => sample === name + end);
  return sample === name;
}

function parseSample(line: string): ScrapedSample {
  const [, name, labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === undefined || !NUMBER.test(value)) throw new Error(`not a sample: ${line}`);
  return { name, labels: parseLabels(labels, line), value: numberOf(value) };
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (let rest = text; rest !== ''; ) {
    const [whole, name, value = ''] = LABEL.exec(rest) ?? [];
    if (whole === undefined || name === undefined) throw new Error(`not labels: ${line}`);
    if (name in labels) throw new Error(`the label ${name} twice: ${line}`);
    labels[name] = value.replace(/\\(["\\n])/g, (_, sign) => (sign === 'n' ? '\n' : sign));
    rest = rest.slice(whole.length);
  }
  return labels;
}

function numberOf(text: string): number {
  if (/inf/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}
