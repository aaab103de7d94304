export interface RawAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

type Variables = ReadonlyMap<string, string>;

const ANY = '<any>';

/** Fields that hold a time. */
const TIMES = [
  ...['ctime', 'mtime', 'create_time', 'creation_time', 'prepare_time', 'precommit_time', 'commit_time', 'finish_time'],
  ...['newest_write_timestamp', 'lease', 'expiration', 'version_update_time_ms', 'update_time_ms'],
  ...['tablet_update_time', 'last_ctime_ms', 'last_finish_time_ms', 'start_time', 'last_success_time_ms'],
  ...['lease_expired_ms', 'last_cumu_compaction_time_ms', 'last_base_compaction_time_ms'],
  ...['last_full_compaction_time_ms', 'timeout_time'],
];

const UUID = /(?<![0-9a-f])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])/gi;

/** JSON in which integers too long for a double stay exact, as strings; undefined for what is no JSON. */
export function parseExact(text: string): unknown {
  const exact = text.replace(
    /("(?:[^"\\]|\\.)*")|-?\d{16,}(?![\d.eE])/g,
    (whole, string?: string) => string ?? `"${whole}"`,
  );
  try {
    return JSON.parse(exact);
  } catch {
    return undefined;
  }
}

/** An answer without what differs from run to run, in the form of an expectation. */
export function normaliseAnswer(answer: RawAnswer, variables: Variables, ignore: readonly string[]): unknown {
  const { status, type } = answer;
  const volatile = new Set([...TIMES, ...ignore]);
  const json = parseExact(answer.text);
  if (typeof json === 'object') return { status, type, json: normalise(json, variables, volatile) };
  let text = withVariables(answer.text.replace(/^\[[\d.]+:\d+\]/, '[addr]'), variables).trimEnd();
  for (const field of volatile) {
    text = text.replace(new RegExp(`(\\b${field}"?(?:: ?|=))"?-?\\d+"?`, 'g'), `$1${ANY}`);
  }
  return { status, type, text };
}

function normalise(value: unknown, variables: Variables, volatile: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((element) => normalise(element, variables, volatile));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => [
      key,
      volatile.has(key) ? ANY : normalise(inner, variables, volatile),
    ]);
    return Object.fromEntries(entries);
  }
  if (typeof value === 'string') return textWithVariables(value, variables);
  if (typeof value !== 'number') return value;
  const text = withVariables(String(value), variables);
  return text === String(value) ? value : text;
}

function textWithVariables(text: string, variables: Variables): string {
  return withVariables(text, variables)
    .replace(UUID, '<uuid>')
    .replace(/"(ctime|mtime)":"\d+"/g, `"$1":"${ANY}"`);
}

/** Captured values are written back as the variables that they were captured in. */
function withVariables(text: string, variables: Variables): string {
  let result = text;
  for (const [name, value] of variables) {
    if (name !== 'token') result = result.replace(new RegExp(`(?<!\\d)${value}(?!\\d)`, 'g'), `{{${name}}}`);
  }
  return result;
}

/** Whether an answer is what is wanted. */
export function matches(want: unknown, got: unknown): boolean {
  if (want === ANY) return true;
  if (Array.isArray(want)) {
    return Array.isArray(got) && want.length === got.length && want.every((value, i) => matches(value, got[i]));
  }
  if (typeof want !== 'object' || want === null) return want === got;
  if (typeof got !== 'object' || got === null || Array.isArray(got)) return false;
  const wanted = want as Record<string, unknown>;
  const given = got as Record<string, unknown>;
  const open = '...' in wanted;
  const keys = new Set([...Object.keys(wanted).filter((key) => key !== '...'), ...(open ? [] : Object.keys(given))]);
  return [...keys].every((key) => matches(wanted[key], given[key]));
}
