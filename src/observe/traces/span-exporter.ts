import { atMostEvery } from '../at-most-every.ts';
import type { Logger } from '../logger.ts';
import { messageOf } from '../message-of.ts';

/** A part of a trace that has ended. */
export interface Span {
  /** 32 hexadecimal digits, and 16 of them. */
  readonly trace_id: string;
  readonly span_id: string;
  /** Undefined where the trace begins here. */
  readonly parent_id: string | undefined;
  readonly name: string;
  /** On the clock of `performance.now`, in milliseconds. */
  readonly began_ms: number;
  readonly ended_ms: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly failed: boolean;
}

export interface SpanExporterOptions {
  /** Of a collector, without the path of traces: `http://127.0.0.1:4318`. */
  readonly endpoint: string;
  readonly version: string;
  readonly logger: Logger;
}

/** Spans that wait. What comes when there are so many is dropped. */
const MOST_WAITING = 4_096;
const MOST_IN_A_BATCH = 512;
/** How long spans wait for others to go with them. */
const WAIT_MS = 2_000;
const TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 2_000;
const TELL_EVERY_MS = 60_000;
const NANOSECONDS_IN_A_MICROSECOND = 1_000n;

/** Sends spans to a collector by OTLP over HTTP, as JSON, in batches. Whoever hands one in waits for nothing. */
export class SpanExporter {
  readonly #options: SpanExporterOptions;
  readonly #url: string;
  readonly #tellDropped: () => void;
  #waiting: Span[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;
  readonly #giveUp = new AbortController();
  #why = '';
  #sent = 0;
  #dropped = 0;

  constructor(options: SpanExporterOptions) {
    this.#options = options;
    this.#url = `${options.endpoint.replace(/\/+$/, '')}/v1/traces`;
    this.#tellDropped = atMostEvery(TELL_EVERY_MS, (batches) =>
      options.logger.warn('spans were dropped, since the collector did not take them', { batches, why: this.#why }),
    );
  }

  /** Spans that the collector has taken, and those that were dropped, since the start. */
  get counts(): { readonly sent: number; readonly dropped: number } {
    return { sent: this.#sent, dropped: this.#dropped };
  }

  add(span: Span): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting.push(span);
    this.#timer ??= setTimeout(() => void this.#sendAll(), WAIT_MS).unref();
  }

  /** Sends what waits, or drops it when that takes too long. */
  async stop(): Promise<void> {
    const late = setTimeout(() => this.#giveUp.abort(new Error('the service stops')), STOP_TIMEOUT_MS);
    await this.#sending;
    await this.#sendAll();
    clearTimeout(this.#timer);
    clearTimeout(late);
  }

  /** One batch after the other: a collector that is slow gets no more of them at a time. */
  async #sendAll(): Promise<void> {
    if (this.#waiting.length === 0) return;
    this.#sending ??= this.#sendBatches();
    await this.#sending;
  }

  async #sendBatches(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, MOST_IN_A_BATCH);
      try {
        await this.#send(batch);
        this.#sent += batch.length;
      } catch (error) {
        // They are not kept: a collector that is away for long would cost memory.
        this.#dropped += batch.length;
        this.#why = messageOf(error);
        this.#tellDropped();
      }
    }
    // In one go with the last look at what waits, so that nothing can come in between and be left.
    this.#sending = undefined;
    this.#timer = undefined;
  }

  async #send(spans: readonly Span[]): Promise<void> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(exported(spans, this.#options.version)),
      signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#giveUp.signal]),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the collector answered ${response.status}`);
  }
}

/** Spans as OTLP has them. */
function exported(spans: readonly Span[], version: string): unknown {
  const resource = { 'service.name': 'nereus', 'service.version': version, 'process.pid': process.pid };
  const scopeSpans = [{ scope: { name: 'nereus' }, spans: spans.map(exportedSpan) }];
  return { resourceSpans: [{ resource: { attributes: attributesOf(resource) }, scopeSpans }] };
}

const KIND_SERVER = 2;
const STATUS_ERROR = 2;

function exportedSpan({ trace_id, span_id, parent_id, name, began_ms, ended_ms, attributes, failed }: Span): unknown {
  return {
    traceId: trace_id,
    spanId: span_id,
    ...(parent_id !== undefined && { parentSpanId: parent_id }),
    name,
    kind: KIND_SERVER,
    startTimeUnixNano: unixNanoseconds(began_ms),
    endTimeUnixNano: unixNanoseconds(ended_ms),
    attributes: attributesOf(attributes),
    status: failed ? { code: STATUS_ERROR } : {},
  };
}

function unixNanoseconds(ms: number): string {
  return String(BigInt(Math.round((performance.timeOrigin + ms) * 1000)) * NANOSECONDS_IN_A_MICROSECOND);
}

function attributesOf(attributes: Readonly<Record<string, string | number>>): unknown[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { doubleValue: value },
  }));
}
