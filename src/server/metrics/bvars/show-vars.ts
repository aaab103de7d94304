import type { Var } from './latency-vars.ts';

/** Variables as brpc's page `/vars` lists them. */
export function varsText(vars: readonly Var[]): string {
  return vars.map(([name, value]) => `${name} : ${value}\r\n`).join('');
}

/** Those that a pattern names: several with `;` or `,` between, in which `*` stands for any signs and `$` for one. */
export function matching(vars: readonly Var[], pattern: string): Var[] {
  const wanted = pattern
    .split(/[;,]/)
    .filter((one) => one !== '')
    .map(matcherOf);
  return wanted.length === 0 ? [...vars] : vars.filter(([name]) => wanted.some((matches) => matches(name)));
}

/** Compared by hand: a pattern is anybody's, and some regular expressions take for ever. */
function matcherOf(pattern: string): (name: string) => boolean {
  return (name) => {
    let [at, inName, star, resumed] = [0, 0, -1, 0];
    while (inName < name.length) {
      if (at < pattern.length && (pattern[at] === '$' || pattern[at] === name[inName])) {
        at++;
        inName++;
      } else if (pattern[at] === '*') {
        star = at++;
        resumed = inName;
      } else if (star >= 0) {
        at = star + 1;
        inName = ++resumed;
      } else return false;
    }
    while (pattern[at] === '*') at++;
    return at === pattern.length;
  };
}

/** The suffixes of a latency recorder, and the quantile that brpc makes of each in a summary. */
const QUANTILES: readonly (readonly [string, string])[] = [
  ['_latency_80', '0.8'],
  ['_latency_90', '0.9'],
  ['_latency_99', '0.99'],
  ['_latency_999', '0.999'],
  ['_latency_9999', '0.9999'],
  ['_max_latency', '1'],
  ['_latency', 'avg'],
];

/**
 * Variables as brpc's page `/brpc_metrics` gives them to Prometheus: gauges, and a summary for each method of the server,
 * whose variables begin with `prefix`. They have no help, since brpc has none.
 */
export function brpcMetricsText(vars: readonly Var[], prefix: string): string {
  const byName = new Map(vars);
  const lines: string[] = [];
  for (const [name, value] of vars) {
    if (!name.startsWith(prefix) || !isOfRecorder(name)) lines.push(...head(name, 'gauge'), `${name} ${value}`);
    else if (name.endsWith('_max_latency')) lines.push(...summary(name.slice(0, -'_max_latency'.length), byName));
  }
  return `${lines.join('\n')}\n`;
}

function isOfRecorder(name: string): boolean {
  return name.endsWith('_count') || QUANTILES.some(([suffix]) => name.endsWith(suffix));
}

function summary(name: string, vars: ReadonlyMap<string, number>): string[] {
  const of = (suffix: string) => vars.get(name + suffix) ?? 0;
  return [
    ...head(name, 'summary'),
    ...QUANTILES.map(([suffix, quantile]) => `${name}{quantile="${quantile}"} ${of(suffix)}`),
    `${name}_sum ${of('_latency') * of('_count')}`,
    `${name}_count ${of('_count')}`,
  ];
}

function head(name: string, type: string): string[] {
  return [`# HELP ${name}`, `# TYPE ${name} ${type}`];
}
