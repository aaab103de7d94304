import { write } from 'node:fs';
import type { Sink } from './sink.ts';

/** More than this many bytes that the reader of the logs has not taken yet are dropped, rather than kept in memory. */
const HELD_BACK_BYTES = 16 * 1024 * 1024;
/** How long to wait before a reader that takes nothing is tried again, and how long at the end in all. */
const RETRY_MS = 50;
const FLUSH_MS = 1000;

/**
 * Writes lines to a file descriptor that others read, without ever waiting for them: neither a reader that is slow nor one
 * that has gone away holds up the service, or its end.
 */
export class DescriptorSink implements Sink {
  readonly #descriptor: number;
  #lines: string[] = [];
  /** Those who wait until nothing is held back. */
  #flushed: (() => void)[] = [];
  #held_bytes = 0;
  #writing = false;
  #gone = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(line: string): void {
    const bytes = Buffer.byteLength(line);
    if (this.#gone || this.#held_bytes + bytes > HELD_BACK_BYTES) return;
    this.#lines.push(line);
    this.#held_bytes += bytes;
    if (!this.#writing) this.#writeLines();
  }

  /** Waits for the reader no longer than a second. What the thread pool is writing can only be waited for, and not done again. */
  async flush(): Promise<void> {
    if (!this.#writing) return;
    await new Promise<void>((resolve) => {
      const given_up = setTimeout(resolve, FLUSH_MS);
      this.#flushed.push(() => {
        clearTimeout(given_up);
        resolve();
      });
    });
  }

  #becomeIdle(): void {
    this.#writing = false;
    for (const resolve of this.#flushed.splice(0)) resolve();
  }

  #take(): Buffer {
    const bytes = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    return bytes;
  }

  #writeLines(): void {
    this.#writing = true;
    this.#writeRest(this.#take());
  }

  #writeRest(rest: Buffer): void {
    write(this.#descriptor, rest, (error, written) => {
      if (isBusy(error)) {
        setTimeout(() => this.#writeRest(rest), RETRY_MS).unref();
        return;
      }
      // There is nowhere left to tell of it.
      if (error) this.#gone = true;
      const left = error ? rest.subarray(rest.length) : rest.subarray(written);
      this.#held_bytes -= rest.length - left.length;
      if (left.length > 0) this.#writeRest(left);
      else if (this.#lines.length > 0) this.#writeLines();
      else this.#becomeIdle();
    });
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
