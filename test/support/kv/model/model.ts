import { counter, text } from '../bytes.ts';
import type { Operation } from './operation.ts';

type RangeRead = Extract<Operation, { kind: 'range' }>;

/** The simplest store there is: a map that one transaction after the other works on. */
export class Model {
  #pairs = new Map<string, string>();

  /** Plays a transaction and returns the first read that would have answered otherwise here. Snapshot reads are compared only when `strict`. */
  play(operations: readonly Operation[], versionstamp: string, strict: boolean): Operation | undefined {
    let wrong: Operation | undefined;
    for (const operation of operations) {
      if (operation.kind === 'get') {
        const same = (this.#pairs.get(operation.key) ?? null) === operation.result;
        wrong ??= same || (operation.snapshot && !strict) ? undefined : operation;
      } else if (operation.kind === 'range') {
        const same = JSON.stringify(this.#range(operation)) === JSON.stringify(operation.result);
        wrong ??= same || (operation.snapshot && !strict) ? undefined : operation;
      } else {
        this.#write(operation, versionstamp);
      }
    }
    return wrong;
  }

  pairs(): [string, string][] {
    return [...this.#pairs].sort(([left], [right]) => (left < right ? -1 : 1));
  }

  #range({ begin, end, limit, reverse, whole, result }: RangeRead): [string, string][] {
    const within = this.pairs().filter(([key]) => begin <= key && key < end);
    const ordered = reverse ? within.reverse() : within;
    return ordered.slice(0, whole ? (limit ?? ordered.length) : result.length);
  }

  #write(operation: Exclude<Operation, { kind: 'get' | 'range' }>, versionstamp: string): void {
    switch (operation.kind) {
      case 'set':
        this.#pairs.set(operation.key, operation.value);
        break;
      case 'clear':
        this.#pairs.delete(operation.key);
        break;
      case 'clear-range':
        for (const key of [...this.#pairs.keys()]) {
          if (operation.begin <= key && key < operation.end) {
            this.#pairs.delete(key);
          }
        }
        break;
      case 'add': {
        const below = Buffer.alloc(8);
        below.write((this.#pairs.get(operation.key) ?? '').slice(0, 8), 'latin1');
        this.#pairs.set(operation.key, text(counter(below.readBigUInt64LE() + BigInt(operation.delta))));
        break;
      }
      case 'stamped-key':
        this.#pairs.set(stamped(operation.key, operation.offset, versionstamp), operation.value);
        break;
      case 'stamped-value':
        this.#pairs.set(operation.key, stamped(operation.value, operation.offset, versionstamp));
        break;
    }
  }
}

function stamped(template: string, offset: number, versionstamp: string): string {
  return template.slice(0, offset) + versionstamp + template.slice(offset + 10);
}
