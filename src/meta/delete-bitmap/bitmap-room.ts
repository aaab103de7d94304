import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { MetaError } from '../meta-error.ts';

const MIB = 1024 * 1024;

/** What an answer may take, in bytes: nearly all are small. The large ones are the largest there are. */
export const ANSWER_BYTES = { small: 16 * MIB, large: 256 * MIB } as const;
export type AnswerSize = keyof typeof ANSWER_BYTES;

/** Of all the room, what is kept for small answers: they must not have to wait for large ones. */
const SMALL_SHARE = 1 / 4;

/** The longest that a call waits for room. A backend gives it thirty seconds, and reading takes some of them. */
const MOST_WAITED_MS = 8_000;

/** The room that one answer has taken. */
export interface AnswerPlace {
  /** Whether the answer may take so many bytes. A small one becomes large where nobody has to wait for that. */
  fits(bytes: number): boolean;
  /** Gives back all but so many bytes. */
  shrink(bytes: number): void;
  /** Gives back the rest. Harmless when repeated. */
  leave(): void;
}

/** The room for the delete bitmaps of all answers that are being made or sent, so that these don't fill up the memory. */
export class BitmapRoom {
  readonly #gates: Readonly<Record<AnswerSize, Gate>>;

  constructor(settings: { readonly max_delete_bitmap_bytes: number }) {
    const small_bytes = Math.floor(settings.max_delete_bitmap_bytes * SMALL_SHARE);
    this.#gates = { small: new Gate(small_bytes), large: new Gate(settings.max_delete_bitmap_bytes - small_bytes) };
  }

  /**
   * Takes room for an answer, in turn with others. Throws KV_TXN_CONFLICT, on which backends ask again, when there is none
   * for some seconds. Whoever has a small place gives it back before taking a large one: nobody waits with room in hand.
   */
  async enter(size: AnswerSize): Promise<AnswerPlace> {
    if (!(await this.#gates[size].take(ANSWER_BYTES[size], MOST_WAITED_MS))) {
      const message = 'too many delete bitmaps are being answered at a time, see max_delete_bitmap_bytes; try again';
      throw new MetaError(MetaServiceCode.KV_TXN_CONFLICT, message);
    }
    return new Place(this.#gates, size);
  }

  /** How much is taken, in bytes. */
  get used(): number {
    return this.#gates.small.used + this.#gates.large.used;
  }
}

class Place implements AnswerPlace {
  readonly #gates: Readonly<Record<AnswerSize, Gate>>;
  #size: AnswerSize;
  #bytes: number;

  constructor(gates: Readonly<Record<AnswerSize, Gate>>, size: AnswerSize) {
    this.#gates = gates;
    this.#size = size;
    this.#bytes = ANSWER_BYTES[size];
  }

  fits(bytes: number): boolean {
    if (bytes <= this.#bytes) return true;
    if (bytes > ANSWER_BYTES.large || this.#size === 'large' || !this.#gates.large.takeNow(ANSWER_BYTES.large))
      return false;
    this.leave();
    this.#size = 'large';
    this.#bytes = ANSWER_BYTES.large;
    return true;
  }

  shrink(bytes: number): void {
    const given = Math.max(0, this.#bytes - bytes);
    this.#bytes -= given;
    this.#gates[this.#size].giveBack(given);
  }

  leave(): void {
    this.shrink(0);
  }
}

interface Waiter {
  readonly bytes: number;
  enter(): void;
}

/** Lets in who finds room, one after the other in the order in which they came. */
class Gate {
  #used = 0;
  readonly #waiting = new Set<Waiter>();

  constructor(readonly bytes: number) {}

  get used(): number {
    return this.#used;
  }

  /** Resolves to whether so many bytes could be had in time. */
  take(bytes: number, most_ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        resolve(false);
        // Those behind it may have waited for it alone.
        this.#letIn();
      }, most_ms);
      const waiter = {
        bytes,
        enter: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      this.#waiting.add(waiter);
      this.#letIn();
    });
  }

  /** Takes so many bytes if they are there and nobody waits for them. */
  takeNow(bytes: number): boolean {
    if (this.#waiting.size > 0 || this.#used + bytes > this.bytes) return false;
    this.#used += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
    this.#letIn();
  }

  #letIn(): void {
    for (const waiter of this.#waiting) {
      if (this.#used + waiter.bytes > this.bytes) return;
      this.#used += waiter.bytes;
      this.#waiting.delete(waiter);
      waiter.enter();
    }
  }
}
