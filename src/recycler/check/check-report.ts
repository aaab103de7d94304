import { StoreError, StoreErrorCode } from '../../kv/store-error.ts';
import { messageOf } from '../../observe/message-of.ts';
import type { SweepContext } from '../sweep.ts';

/** What a check works on: one instance and the places where its objects lie. Aborting `signal` ends it between two pages. */
export type CheckContext = Pick<SweepContext, 'store' | 'instance_id' | 'vaults' | 'now_ms' | 'signal'>;

/** An object that a visible rowset needs, and that is not there. Ids are decimal numbers. */
export interface LostObject {
  readonly kind: 'lost';
  readonly vault: string;
  readonly path: string;
  readonly tablet_id: string;
  readonly rowset_id: string;
  /** The version at which the rowset is visible. */
  readonly version: string;
}

/** An object to which no key leads. */
export interface OrphanedObject {
  readonly kind: 'orphaned';
  readonly vault: string;
  readonly path: string;
  readonly size_bytes: number;
}

/** A record that another one contradicts, or that lacks another one. */
export interface InconsistentRecord {
  readonly kind: 'inconsistent';
  /** In hexadecimal. */
  readonly key: string;
  readonly why: string;
}

/** Something of which could not be told whether all is well: a place that can't be reached, a record that can't be read. */
export interface Unchecked {
  readonly kind: 'unchecked';
  readonly what: string;
  /** Without secrets. */
  readonly why: string;
}

export type Finding = LostObject | OrphanedObject | InconsistentRecord | Unchecked;

/** How many there are, and the first of them. */
export interface Findings<Kind extends Finding> {
  readonly count: number;
  readonly first: readonly Kind[];
}

export interface CheckReport {
  readonly instance_id: string;
  /** Milliseconds since 1970. */
  readonly began_ms: number;
  readonly ended_ms: number;
  /** Whether the instance was dropped, and so nothing of it was looked at. */
  readonly dropped: boolean;
  /** Visible rowsets that were looked at, and of those the ones that have objects. */
  readonly rowsets: number;
  readonly rowsets_with_objects: number;
  /** Objects that were listed to be led back to their keys. */
  readonly objects: number;
  readonly bytes: number;
  /** Tablets whose records were compared. */
  readonly tablets: number;
  readonly lost: Findings<LostObject>;
  readonly orphaned: Findings<OrphanedObject>;
  readonly inconsistent: Findings<InconsistentRecord>;
  readonly unchecked: Findings<Unchecked>;
}

type Counted = 'rowsets' | 'rowsets_with_objects' | 'objects' | 'bytes' | 'tablets';

/** Gathers what a check finds: counts, the first of each kind, and each for whoever wants all of them. */
export class CheckResults {
  readonly #counts: Record<Counted, number> = { rowsets: 0, rowsets_with_objects: 0, objects: 0, bytes: 0, tablets: 0 };
  readonly #found = { lost: 0, orphaned: 0, inconsistent: 0, unchecked: 0 };
  readonly #first: Finding[] = [];

  /** Keeps the first `most_kept` of each kind. */
  constructor(
    private readonly most_kept: number,
    private readonly onFinding?: (finding: Finding) => void,
  ) {}

  count(what: Counted, by: number): void {
    this.#counts[what] += by;
  }

  add(finding: Finding): void {
    const before = this.#found[finding.kind]++;
    if (before < this.most_kept) this.#first.push(finding);
    this.onFinding?.(finding);
  }

  report(of: Pick<CheckReport, 'instance_id' | 'began_ms' | 'ended_ms' | 'dropped'>): CheckReport {
    const { lost, orphaned, inconsistent, unchecked } = this.#found;
    return {
      ...of,
      ...this.#counts,
      lost: { count: lost, first: this.#first.filter((finding) => finding.kind === 'lost') },
      orphaned: { count: orphaned, first: this.#first.filter((finding) => finding.kind === 'orphaned') },
      inconsistent: { count: inconsistent, first: this.#first.filter((finding) => finding.kind === 'inconsistent') },
      unchecked: { count: unchecked, first: this.#first.filter((finding) => finding.kind === 'unchecked') },
    };
  }
}

/** Notes that something could not be checked. Throws the error where the check has to end. */
export function noteUnchecked({ signal }: CheckContext, results: CheckResults, what: string, error: unknown): void {
  signal.throwIfAborted();
  if (error instanceof StoreError && error.code === StoreErrorCode.Closed) throw error;
  results.add({ kind: 'unchecked', what, why: messageOf(error) });
}
