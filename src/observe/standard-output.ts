import { write, writeSync } from 'node:fs';
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
  /** What the reader had no room for, until it is tried again. */
  #retry: { readonly timer: NodeJS.Timeout; readonly rest: Buffer } | undefined;
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

  flush(): void {
    const until_ms = performance.now() + FLUSH_MS;
    clearTimeout(this.#retry?.timer);
    let rest = Buffer.concat([this.#retry?.rest ?? Buffer.alloc(0), this.#take()]);
    if (this.#retry !== undefined) this.#writing = false;
    this.#retry = undefined;
    while (rest.length > 0 && !this.#gone && performance.now() < until_ms) {
      try {
        rest = rest.subarray(writeSync(this.#descriptor, rest));
      } catch (error) {
        if (isBusy(error)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
        else this.#gone = true;
      }
    }
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
    this.#retry = undefined;
    write(this.#descriptor, rest, (error, written) => {
      if (isBusy(error)) {
        const timer = setTimeout(() => this.#writeRest(rest), RETRY_MS).unref();
        this.#retry = { timer, rest };
        return;
      }
      // There is nowhere left to tell of it.
      if (error) this.#gone = true;
      const left = error ? rest.subarray(rest.length) : rest.subarray(written);
      this.#held_bytes -= rest.length - left.length;
      if (left.length > 0) this.#writeRest(left);
      else if (this.#lines.length > 0) this.#writeLines();
      else this.#writing = false;
    });
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
