import type { Store } from '../../kv/store.ts';
import { invalid } from '../../meta/meta-error.ts';
import type { Checker } from '../../recycler/checker.ts';
import type { Recycler } from '../../recycler/recycler.ts';
import type { Runner } from '../../rpc/runner.ts';
import type { Service } from '../../rpc/service.ts';
import type { HttpAnswer } from '../http-types.ts';
import type { Query } from '../query.ts';
import { textReply } from '../reply.ts';

/** A call of the recycler's API with what serves it. */
export interface RecyclerCall {
  readonly query: Query;
  readonly body: Buffer;
  readonly runner: Runner;
  readonly store: Store;
  readonly recycler: Recycler;
  /** Undefined where the settings do without. */
  readonly checker: Checker | undefined;
  readonly service: Service;
  /** Milliseconds since 1970. */
  readonly now_ms: () => number;
  /** Whether the caller's `Accept` names JSON, for the operations that Doris answers in text. */
  readonly acceptsJson: boolean;
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal;
}

/** The instance that a call is about. Throws a MetaError where it names none. */
export function instanceOf({ query }: Pick<RecyclerCall, 'query'>): string {
  const instance_id = query.decoded('instance_id');
  if (instance_id === '') throw invalid('no instance id');
  return instance_id;
}

/** A text as Doris' recycler answers it: the line and its end. */
export function line(status: number, text: string): HttpAnswer {
  return textReply(status, `${text}\n`);
}

export function json(value: unknown): HttpAnswer {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(value, undefined, 2)}\n` };
}
