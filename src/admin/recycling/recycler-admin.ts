import type { Store } from '../../kv/store.ts';
import { StoreError } from '../../kv/store-error.ts';
import { MetaError } from '../../meta/meta-error.ts';
import type { Checker } from '../../recycler/checker.ts';
import { Aborted } from '../../recycler/jobs/aborted.ts';
import type { Recycler } from '../../recycler/recycler.ts';
import { NOT_HERE } from '../../rpc/methods/recycler.ts';
import type { Runner } from '../../rpc/runner.ts';
import type { Service } from '../../rpc/service.ts';
import { codeOfStoreError } from '../../rpc/store-status.ts';
import type { HttpAnswer, HttpCall } from '../http-types.ts';
import { Query } from '../query.ts';
import { adminCode, statusOf } from '../reply.ts';
import { TokenCheck } from '../token.ts';
import { line } from './recycler-call.ts';
import { recyclerOperations } from './recycler-operations.ts';

export interface RecyclerAdminOptions {
  readonly runner: Runner;
  readonly store: Store;
  readonly http_token: string;
  /** Undefined in a process that does not recycle. */
  readonly recycler: Recycler | undefined;
  /** Undefined where the settings do without. */
  readonly checker: Checker | undefined;
  readonly service: Service;
  readonly now_ms: () => number;
}

/** The recycler's API: what is behind `/RecyclerService/http/`, with any HTTP method and any content type. */
export class RecyclerAdmin {
  readonly #options: RecyclerAdminOptions;
  readonly #token: TokenCheck;

  constructor(options: RecyclerAdminOptions) {
    this.#options = options;
    this.#token = new TokenCheck(options.http_token);
  }

  /** Answers a call; `operation` is what its path has behind `/RecyclerService/http/`. */
  async answer({ path, query: text, body, headers, signal }: HttpCall, operation: string): Promise<HttpAnswer> {
    const query = new Query(text);
    if (this.#token.refuse(query) !== undefined) return line(403, 'incorrect token');
    const found = Object.hasOwn(recyclerOperations, operation) ? recyclerOperations[operation] : undefined;
    if (!found) return line(404, `http path ${path} not found, it may be not implemented`);
    const { recycler, ...parts } = this.#options;
    if (recycler === undefined) return line(400, NOT_HERE);
    const acceptsJson = /\bapplication\/json\b/i.test(headers.accept ?? '');
    try {
      return await found.answer({ ...parts, recycler, query, body, acceptsJson, signal });
    } catch (error) {
      if (error instanceof MetaError) return line(statusOf(adminCode(error.code)), error.message);
      if (error instanceof StoreError) return line(statusOf(adminCode(codeOfStoreError(error))), error.message);
      if (error instanceof Aborted) return line(503, error.message);
      if (signal.aborted) return line(503, 'the caller is gone');
      throw error;
    }
  }
}
