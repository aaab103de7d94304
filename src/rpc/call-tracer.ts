import { randomBytes } from 'node:crypto';
import type { Span } from '../observe/traces/span-exporter.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { DEFECT } from './call-counts.ts';
import { type Ending, spentBy } from './call-watch.ts';
import type { Progress } from './progress.ts';

/** Codes of failures that are the service's own, and no answer to what was asked. */
const FAILURES = /^(?:KV_TXN_|PROTOBUF_|UNDEFINED_ERR)/;

/** Makes spans of calls: of those whose caller records its trace, and of some that are part of none. */
export class CallTracer {
  readonly #add: (span: Span) => void;
  readonly #one_in: number;
  #untraced = 0;

  /** Of calls that are part of no trace, one in `one_in` begins one; none does where that is 0. */
  constructor(add: (span: Span) => void, one_in: number) {
    this.#add = add;
    this.#one_in = one_in;
  }

  /** Notes a call that has ended. */
  ended(progress: Progress, ending: Ending): void {
    const { trace } = progress.origin;
    const isWanted = trace?.sampled ?? this.#isChosen();
    if (isWanted) this.#add(spanOf(progress, ending));
  }

  #isChosen(): boolean {
    return this.#one_in > 0 && this.#untraced++ % this.#one_in === 0;
  }
}

function spanOf(progress: Progress, ending: Ending): Span {
  const { method, instance_id, began_ms, duration_ms, attempts, origin } = progress;
  const code = ending === DEFECT ? DEFECT : MetaServiceCode[ending];
  return {
    trace_id: origin.trace?.trace_id ?? randomBytes(16).toString('hex'),
    span_id: randomBytes(8).toString('hex'),
    parent_id: origin.trace?.span_id,
    name: `doris.cloud.MetaService/${method}`,
    began_ms,
    ended_ms: began_ms + duration_ms,
    attributes: {
      'rpc.service': 'doris.cloud.MetaService',
      'rpc.method': method,
      'nereus.code': code,
      'nereus.attempts': attempts,
      ...(instance_id !== '' && { 'nereus.instance_id': instance_id }),
      ...(origin.request_id !== undefined && { 'nereus.request_id': origin.request_id }),
      ...Object.fromEntries(Object.entries(spentBy(progress)).map(([part, ms]) => [`nereus.${part}`, ms])),
    },
    failed: ending === DEFECT || FAILURES.test(code),
  };
}
