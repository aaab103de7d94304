import { type KeyText, keyAfter, keyText } from './bytes.ts';
import { addToCounter } from './counter.ts';
import type { Mutation } from './mutation.ts';
import { ABSENT, Overlay, type PendingWrite, UNKNOWN } from './overlay.ts';
import { RangeSet } from './range-set.ts';
import { VERSIONSTAMP_BYTES } from './store.ts';

/** The writes of a transaction: the list that the commit replays, and what the transaction itself sees of them. */
export class WriteBuffer {
  readonly mutations: Mutation[] = [];
  #overlay: Overlay | undefined;
  /** Where a key with a versionstamp may come to lie: what is there can't be told before the commit. */
  #unknown: RangeSet | undefined;
  /** How many mutations the overlay shows. Most transactions read first and write then, and never need it. */
  #shown = 0;

  push(mutation: Mutation): void {
    this.mutations.push(mutation);
  }

  /** The writes so far, as reads must see them. */
  overlay(): Overlay {
    this.#overlay ??= new Overlay();
    while (this.#shown < this.mutations.length) {
      const mutation = this.mutations[this.#shown++];
      if (mutation !== undefined) {
        this.#show(mutation, this.#overlay);
      }
    }
    return this.#overlay;
  }

  /** Whether what lies in the range depends on a versionstamp that is not known yet. */
  unknownIn(begin: KeyText, end: KeyText): boolean {
    const overlay = this.overlay();
    return (
      this.#unknown?.intersects(begin, end) === true ||
      overlay.keysIn(begin, end).some((key) => overlay.get(key)?.kind === 'unknown')
    );
  }

  /** `unknownIn` for one key. */
  unknownAt(key: KeyText): boolean {
    return this.overlay().get(key)?.kind === 'unknown' || this.#unknown?.contains(key) === true;
  }

  #show(mutation: Mutation, overlay: Overlay): void {
    switch (mutation.kind) {
      case 'set':
        overlay.put(mutation.key, { kind: 'value', value: mutation.value });
        break;
      case 'clear':
        overlay.put(mutation.key, ABSENT);
        break;
      case 'clear-range':
        overlay.clearRange(mutation.begin, mutation.end);
        break;
      case 'add':
        overlay.put(mutation.key, addTo(overlay.get(mutation.key), mutation.delta));
        break;
      case 'set-stamped-value':
        overlay.put(mutation.key, UNKNOWN);
        break;
      case 'set-stamped-key': {
        const [lowest, highest] = [0x00, 0xff].map((byte) => stampedWith(mutation.key, mutation.offset, byte));
        this.#unknown ??= new RangeSet();
        this.#unknown.add(lowest ?? '', keyAfter(highest ?? ''));
        break;
      }
    }
  }
}

/** The key with a versionstamp whose bytes are all `byte`. */
function stampedWith(key: Uint8Array, offset: number, byte: number): KeyText {
  return keyText(Buffer.from(key).fill(byte, offset, offset + VERSIONSTAMP_BYTES));
}

function addTo(below: PendingWrite | undefined, delta: bigint): PendingWrite {
  switch (below?.kind) {
    case 'value':
      return { kind: 'value', value: addToCounter(below.value, delta) };
    case 'absent':
      return { kind: 'value', value: addToCounter(undefined, delta) };
    case 'more':
      return { kind: 'more', delta: below.delta + delta };
    case 'unknown':
      return UNKNOWN;
    case undefined:
      return { kind: 'more', delta };
  }
}
