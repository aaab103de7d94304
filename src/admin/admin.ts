import type { Store } from '../kv/store.ts';
import { MetaError } from '../meta/meta-error.ts';
import { originOf } from '../rpc/call-origin.ts';
import type { Runner } from '../rpc/runner.ts';
import { AnswerMemo } from './answer-memo.ts';
import type { HttpAnswer, HttpCall } from './http-types.ts';
import type { AdminOperation } from './operation.ts';
import { Query } from './query.ts';
import { adminCode, jsonReply } from './reply.ts';
import type { AdminCall } from './route.ts';
import { reads, routes } from './routes.ts';
import { TokenCheck } from './token.ts';

export interface AdminOptions {
  readonly runner: Runner;
  readonly store: Store;
  readonly http_token: string;
  readonly admin_rules: 'document' | 'reference';
}

/** The admin API: what is behind `/MetaService/http/`, with any HTTP method and any content type. */
export class Admin {
  readonly #options: AdminOptions;
  readonly #token: TokenCheck;
  readonly #memo: AnswerMemo;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#token = new TokenCheck(options.http_token);
    this.#memo = new AnswerMemo(options.store);
  }

  /** Answers a call; `operation` is what its path has behind `/MetaService/http/`. */
  async answer({ query: text, body, headers }: HttpCall, operation: string): Promise<HttpAnswer> {
    const query = new Query(text);
    const refused = this.#token.refuse(query);
    if (refused) return refused;
    const name = operation.startsWith('v1/') ? operation.slice('v1/'.length) : operation;
    const found = Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (!found) return unknownOperation(operation);
    const { store, admin_rules } = this.#options;
    const origin = originOf(headers);
    const runner = this.#options.runner.for(origin);
    const documentRules = admin_rules === 'document';
    const acceptsJson = /\bapplication\/json\b/i.test(headers.accept ?? '');
    const ask = () => this.#ask(found, { operation, query, body, runner, store, documentRules, acceptsJson });
    if (!reads.has(name) || body.length > LONGEST_REMEMBERED) return ask();
    return this.#memo.answer(`${operation}?${text}\n${body.toString('latin1')}`, ask);
  }

  async #ask({ answer }: AdminOperation, call: AdminCall): Promise<HttpAnswer> {
    try {
      return await answer(call);
    } catch (error) {
      if (error instanceof MetaError) return jsonReply(adminCode(error.code), error.message);
      throw error;
    }
  }
}

/** Requests with longer bodies are answered anew each time, in bytes. */
const LONGEST_REMEMBERED = 4096;

/** Doris answers OK to what it doesn't know, and whoever asked believes that it was done. */
function unknownOperation(operation: string): HttpAnswer {
  const known = Object.keys(routes).join(', ');
  return jsonReply(
    'NOT_FOUND',
    `unknown operation ${JSON.stringify(operation)}; known, with or without v1/, are ${known}`,
  );
}
