import type { Terminal } from '../terminal.ts';

const SHOWN_EVERY_MS = 200;
const NOTED_EVERY_MS = 10_000;
const MIB = 1024 * 1024;
/** Back to the beginning of the line, and clear what stands there. */
const FRESH_LINE = '\r\x1b[K';

/** A line on standard error that says how far something has come, where that is a screen; elsewhere a note at times, for whoever takes those. */
export class ProgressLine {
  readonly #terminal: Terminal;
  readonly #began_ms = performance.now();
  readonly #note: ((text: string) => void) | undefined;
  #shown_ms = Number.NEGATIVE_INFINITY;
  #noted_ms = this.#began_ms;

  constructor(terminal: Terminal, note?: (text: string) => void) {
    this.#terminal = terminal;
    this.#note = note;
  }

  /** Shows what `text` makes of the seconds that have passed, unless the line was shown a moment ago. */
  show(text: (seconds: number) => string): void {
    const { err_columns, err } = this.#terminal;
    const now_ms = performance.now();
    const seconds = Math.max(0.001, (now_ms - this.#began_ms) / 1000);
    if (err_columns === undefined) {
      if (now_ms - this.#noted_ms < NOTED_EVERY_MS) return;
      this.#noted_ms = now_ms;
      this.#note?.(text(seconds));
      return;
    }
    if (now_ms - this.#shown_ms < SHOWN_EVERY_MS) return;
    this.#shown_ms = now_ms;
    err(FRESH_LINE + text(seconds).slice(0, Math.max(1, err_columns - 1)));
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown_ms > Number.NEGATIVE_INFINITY) this.#terminal.err(FRESH_LINE);
    this.#shown_ms = Number.NEGATIVE_INFINITY;
  }
}

/** `12,345 pairs, 48 MiB (96 MiB/s)`, with the share of all pairs where that is known. */
export function progressText(
  deed: string,
  { pairs, bytes }: { readonly pairs: number; readonly bytes: number },
  seconds: number,
  all_pairs?: number,
): string {
  const share = all_pairs ? ` (${Math.min(100, Math.floor((100 * pairs) / all_pairs))} %)` : '';
  return `${deed} ${count(pairs)} pairs${share}, ${mebibytes(bytes)}, ${mebibytes(bytes / seconds)}/s`;
}

/** A number with its thousands apart: `12,345`. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** A size: `48 MiB`. */
export function mebibytes(bytes: number): string {
  return `${(bytes / MIB).toLocaleString('en-US', { maximumFractionDigits: bytes < 10 * MIB ? 1 : 0 })} MiB`;
}
