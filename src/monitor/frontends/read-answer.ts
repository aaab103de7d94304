import type { BackendRow, ClusterRows } from '../backend-row.ts';
import { FrontendCode } from '../envelope.ts';

/** What came of asking a frontend. */
export type FrontendOutcome =
  | { readonly kind: 'answer'; readonly clusters: ClusterRows }
  /** It does not let the caller see this, and says why. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Nothing that counts: it is no master, it could not be asked, or it said what makes no sense. */
  | { readonly kind: 'fault'; readonly why: string };

/** What a frontend of Doris 3.0 says that is not the master. Later ones answer whatever they are. */
const NO_MASTER = 'this api just use in cloud master fe';
/** Text of a frontend is repeated up to this length. */
const MOST_REPEATED = 300;
const LONGEST_HOST = 255;
const LARGEST_PORT = 65_535;

const NUMBERS = {
  heartbeatPort: LARGEST_PORT,
  bePort: LARGEST_PORT,
  httpPort: LARGEST_PORT,
  brpcPort: LARGEST_PORT,
  currentFragmentNum: Number.MAX_SAFE_INTEGER,
  lastFragmentUpdateTime: Number.MAX_SAFE_INTEGER,
} as const satisfies { readonly [N in keyof BackendRow]?: number };
const NUMBER_NAMES = Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];

/** Reads the body of a frontend's answer, which may be anything. Nothing is taken over from it but what belongs there. */
export function readFrontendAnswer(body: string, frontend: string): FrontendOutcome {
  const nonsense = fault(`${frontend} answered what is no cluster status`);
  const { code, data } = objectOf(parse(body));
  if (code === FrontendCode.ok) {
    const clusters = clustersOf(data);
    return clusters === undefined ? nonsense : { kind: 'answer', clusters };
  }
  if (typeof code !== 'number' || typeof data !== 'string') return nonsense;
  if (code === FrontendCode.unauthorized) return { kind: 'refused', why: data.slice(0, MOST_REPEATED) };
  if (data === NO_MASTER) return fault(`${frontend} is not the master`);
  return fault(`${frontend} answered code ${code}: ${JSON.stringify(data.slice(0, MOST_REPEATED))}`);
}

export function fault(why: string): FrontendOutcome {
  return { kind: 'fault', why };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // No JSON, or nested deeper than can be read: nothing that a frontend answers.
    return undefined;
  }
}

function clustersOf(data: unknown): ClusterRows | undefined {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  const clusters = new Map<string, readonly BackendRow[]>();
  for (const [cluster_id, backends] of Object.entries(data)) {
    if (!Array.isArray(backends)) return undefined;
    const rows = backends.map(backendOf).filter((row) => row !== undefined);
    if (rows.length < backends.length) return undefined;
    clusters.set(cluster_id, rows);
  }
  return clusters;
}

function backendOf(value: unknown): BackendRow | undefined {
  const fields = objectOf(value);
  const { host } = fields;
  if (typeof host !== 'string' || host === '' || host.length > LONGEST_HOST) return undefined;
  const numbers = NUMBER_NAMES.map((name) => [name, fields[name]] as const);
  const areRight = numbers.every(
    ([name, number]) => Number.isSafeInteger(number) && Number(number) >= -1 && Number(number) <= NUMBERS[name],
  );
  return areRight ? { host, ...(Object.fromEntries(numbers) as Omit<BackendRow, 'host'>) } : undefined;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
