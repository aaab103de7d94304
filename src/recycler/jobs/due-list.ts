/** An instance that something is to be done for, and when. */
export interface Due {
  readonly instance_id: string;
  readonly at_ms: number;
  /** When somebody asked for it, who does not want to wait until its interval has passed. */
  readonly asked_ms: number | undefined;
}

/** Who is due when, an instance at most once. */
export class DueList {
  readonly #byInstance = new Map<string, Due>();

  get size(): number {
    return this.#byInstance.size;
  }

  has(instance_id: string): boolean {
    return this.#byInstance.has(instance_id);
  }

  /** Puts an instance in the list. If it is there, the earlier time counts, and whoever has asked stays heard. */
  add(instance_id: string, at_ms: number, asked_ms?: number): void {
    const there = this.#byInstance.get(instance_id);
    this.#byInstance.set(instance_id, {
      instance_id,
      at_ms: Math.min(at_ms, there?.at_ms ?? at_ms),
      asked_ms: later(asked_ms, there?.asked_ms),
    });
  }

  /** Takes out the one that has been due for longest at `now_ms`, of those that `isFree`. */
  take(now_ms: number, isFree: (instance_id: string) => boolean): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#byInstance.values()) {
      if (due.at_ms > now_ms || (first !== undefined && first.at_ms <= due.at_ms) || !isFree(due.instance_id)) continue;
      first = due;
    }
    if (first !== undefined) this.#byInstance.delete(first.instance_id);
    return first;
  }

  /** When the next of those that `isFree` is due. */
  next(isFree: (instance_id: string) => boolean): number | undefined {
    let next: number | undefined;
    for (const { instance_id, at_ms } of this.#byInstance.values()) {
      if ((next === undefined || at_ms < next) && isFree(instance_id)) next = at_ms;
    }
    return next;
  }
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}
