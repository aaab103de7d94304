import { secretsMasker } from '../observe/mask.ts';
import { ObjectStoreError, type ObjectStoreFault } from './object-store-error.ts';
import type { ObjectStoreOptions } from './options.ts';
import type { RequestKind } from './rate-limiters.ts';
import { sleep } from './sleep.ts';

/** What came of a request that failed. */
export interface Failure {
  readonly fault: ObjectStoreFault;
  /** What the storage said, or the network, as it said it. */
  readonly reason: string;
}

/** A failure that is told from the answer itself. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed';

  constructor(readonly failure: Failure) {
    super(failure.reason);
  }
}

/** The first pause is about this long, and each one about twice as long as the one before, up to the longest. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/** A reason longer than this is the body of some answer. */
const LONGEST_REASON = 300;

/** How signatures look, and the headers that have them. */
const SIGNED =
  /\b(?:AWS4-HMAC-SHA256|SharedKey|Bearer|Basic|Negotiate)\s+[^\s,]+|\b(?:Signature|Credential|sig)=[^\s,&"]+/gi;

/**
 * Makes the requests of one place: not too many of them, none longer than it may take, and again when a fault may have passed.
 * What fails in the end is an ObjectStoreError with no trace of what the storage's client has thrown, which may hold headers
 * and signatures.
 */
export class Requests {
  readonly #mask: (text: string) => string;

  /** `secrets` never come out in an error. `failureOf` says what it means when a request throws. */
  constructor(
    readonly options: ObjectStoreOptions,
    secrets: readonly string[],
    private readonly failureOf: (error: unknown) => Failure,
  ) {
    this.#mask = secretsMasker(secrets);
  }

  /** Makes a request that does `deed`: `list objects`. What it throws is taken for a failure of the request. */
  async send<T>(kind: RequestKind, deed: string, request: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { limiters, settings, signal } = this.options;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      const failure = await this.#allowed(() => limiters.take(kind, signal));
      if (failure) throw this.error(deed, failure);
      const outcome = await this.#once(request);
      if ('result' in outcome) return outcome.result;
      const passing = outcome.fault === 'unavailable';
      if (!passing || attempt > settings.max_s3_client_retry) throw this.error(deed, outcome);
      await sleep(pauseMs(attempt), signal);
    }
  }

  /** The error for whoever uses the place. */
  error(deed: string, { fault, reason }: Failure): ObjectStoreError {
    const [line = ''] = reason.split(/[\r\n]/);
    const clean = this.#mask(line).replace(SIGNED, '******').slice(0, LONGEST_REASON);
    return new ObjectStoreError(fault, `${this.options.name}: could not ${deed}: ${clean}`);
  }

  async #allowed(take: () => Promise<void>): Promise<Failure | undefined> {
    try {
      await take();
      return undefined;
    } catch (error) {
      if (error instanceof ObjectStoreError) return { fault: error.fault, reason: error.message };
      throw error;
    }
  }

  async #once<T>(request: (signal: AbortSignal) => Promise<T>): Promise<{ readonly result: T } | Failure> {
    const { settings, signal } = this.options;
    const { object_request_timeout_ms } = settings;
    const controller = new AbortController();
    const stop = () => controller.abort(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    const timer = setTimeout(() => controller.abort(), object_request_timeout_ms);
    try {
      return { result: await Promise.race([request(controller.signal), aborted(controller.signal)]) };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RequestFailed) return error.failure;
      if (controller.signal.aborted) {
        return { fault: 'unavailable', reason: `there was no answer within ${object_request_timeout_ms} ms` };
      }
      return this.failureOf(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }
}

/** Rejects when the signal is aborted, for a request that doesn't heed it. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true });
  });
}

/** A time between half of the pause and all of it, so that those who failed together don't come back together. */
function pauseMs(attempt: number): number {
  const longest_ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  return longest_ms * (0.5 + Math.random() / 2);
}
