/** How bad it is: nobody can read what is `damaged`; what is `unknown` may be of a later version. */
export type Severity = 'damaged' | 'unknown';

/** What is wrong with one key or value. Its words say nothing of the key itself, so that the same fault is counted together. */
export interface Problem {
  readonly severity: Severity;
  readonly what: string;
}

/** A problem, and where it is. */
export interface Finding extends Problem {
  /** The name of the kind of key; undefined for a key of no kind. */
  readonly kind: string | undefined;
  count: number;
  /** The first keys that have it, in hex; long ones are cut. */
  readonly examples: string[];
}

const MOST_FINDINGS = 1_000;
const MOST_EXAMPLES = 3;
const LONGEST_EXAMPLE = 400;

/** What was found in a store, counted by kind and problem, so that it takes little memory however much there is. */
export class Findings {
  readonly #findings = new Map<string, Finding>();
  /** How many problems of further sorts were not kept. */
  #beyond = 0;

  add(kind: string | undefined, { severity, what }: Problem, key: Uint8Array): void {
    const id = `${kind} ${what}`;
    let finding = this.#findings.get(id);
    if (finding === undefined) {
      if (this.#findings.size >= MOST_FINDINGS) {
        this.#beyond++;
        return;
      }
      finding = { kind, severity, what, count: 0, examples: [] };
      this.#findings.set(id, finding);
    }
    finding.count++;
    if (finding.examples.length < MOST_EXAMPLES) finding.examples.push(shown(key));
  }

  /** What is damaged first, what is frequent first among it. */
  all(): readonly Finding[] {
    return [...this.#findings.values()].sort(
      (a, b) => Number(b.severity === 'damaged') - Number(a.severity === 'damaged') || b.count - a.count,
    );
  }

  get beyond(): number {
    return this.#beyond;
  }
}

function shown(key: Uint8Array): string {
  const hex = Buffer.from(key).toString('hex');
  return hex.length > LONGEST_EXAMPLE ? `${hex.slice(0, LONGEST_EXAMPLE)}…` : hex;
}
