import { create, type DescMessage, type Message, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import type { Store } from '../kv/store.ts';
import { StoreError } from '../kv/store-error.ts';
import type { Call, CallInSteps, MetaServices } from '../meta/call.ts';
import { settled } from '../meta/commit/settled.ts';
import { resolveInstance } from '../meta/identity/resolve-instance.ts';
import { MetaError } from '../meta/meta-error.ts';
import type { Logger } from '../observe/logger.ts';
import { MalformedValueError } from '../records/malformed-value.ts';
import {
  MetaServiceCode,
  type MetaServiceResponseStatus,
  MetaServiceResponseStatusSchema,
} from '../schema/gen/cloud/status_pb.ts';
import { Held } from './held.ts';
import type { RateLimits } from './limits/rate-limits.ts';
import type { Caller, Method, MethodInSteps, ResponseInit } from './method.ts';
import { RunOfCall, StepsOfCall } from './run-of-call.ts';
import { codeOfStoreError } from './store-status.ts';
import { Turns } from './turns.ts';

/** Every response of the service has a status. */
export type Answer<Response extends DescMessage> = MessageShape<Response> & {
  readonly status: MetaServiceResponseStatus;
};

/** Checks that come before a method's own, in its transaction. They throw a MetaError, and change nothing. */
export type Rules<Request extends DescMessage> = (
  call: Call,
  request: MessageShape<Request>,
  instanceId: string,
) => void | Promise<void>;

export interface RunOptions<Request extends DescMessage> {
  readonly rules?: Rules<Request> | undefined;
  /** Given what to call, once, when an answer that holds memory in common was sent or is lost; without it, the end of `run` counts. */
  readonly untilSent?: ((release: () => void) => void) | undefined;
}

/** What a call did, for whoever counts and logs. */
export interface CallOutcome {
  readonly method: string;
  readonly code: MetaServiceCode;
  readonly message: string;
  readonly duration_ms: number;
  readonly attempts: number;
}

/**
 * Runs methods: finds the caller's instance, gives each attempt a transaction, commits it or undoes it, retries what the
 * store could not do at once, and turns whatever went wrong into the status of the response.
 */
export class Runner {
  readonly #turns = new Turns();

  constructor(
    private readonly store: Store,
    private readonly services: MetaServices,
    private readonly logger: Logger,
    private readonly rateLimits?: RateLimits,
  ) {}

  /** Answers a request. Rejects only for a defect of the service itself. */
  async run<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageShape<Request>,
    { rules, untilSent }: RunOptions<Request> = {},
  ): Promise<Answer<Response>> {
    const began_ms = performance.now();
    let attempts = 0;
    const held = new Held();
    const steps = new StepsOfCall(
      this.services,
      this.#transact(() => attempts++),
      held.add,
    );
    const { code, message, response } = await this.#outcome(method.name, held, () => {
      method.check?.(request);
      const work = () => this.#work(method, request, steps, rules);
      return method.takes_turns ? this.#turns.take(work) : work();
    });
    held.passOn(untilSent);
    this.#report({ method: method.name, code, message, duration_ms: performance.now() - began_ms, attempts });
    return answer(method.response, response, code, message);
  }

  #work<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageShape<Request>,
    steps: CallInSteps,
    rules: Rules<Request> | undefined,
  ): Promise<ResponseInit<Response>> {
    let admitted = false;
    const callerIn = async (call: Call) => {
      const instanceId = await callerOf(call, method, request);
      // A call counts once, however often its transaction has to be run.
      const admission = admitted ? undefined : this.rateLimits?.admit(method.name, instanceId);
      if (admission !== undefined) await admission;
      admitted = true;
      if (rules !== undefined) await rules(call, request, instanceId);
      return instanceId;
    };
    if ('run' in method) return steps.transact(async (call) => method.run(call, request, await callerIn(call)));
    return steps.transact(callerIn).then((instanceId) => method.runInSteps(steps, request, instanceId));
  }

  /** Runs a read that is no method of the service. Throws a MetaError for whatever goes wrong but a defect. */
  read<Result>(name: string, work: (call: Call) => Promise<Result>): Promise<Result> {
    return this.perform(name, ({ transact }) => transact(work));
  }

  /** As `read`, for what changes something, or takes more than one transaction. */
  async perform<Result>(name: string, work: (call: CallInSteps) => Promise<Result>): Promise<Result> {
    const began_ms = performance.now();
    let attempts = 0;
    const held = new Held();
    const steps = new StepsOfCall(
      this.services,
      this.#transact(() => attempts++),
      held.add,
    );
    const { code, message, response } = await this.#outcome(name, held, () => work(steps));
    held.release();
    this.#report({ method: name, code, message, duration_ms: performance.now() - began_ms, attempts });
    if (code !== MetaServiceCode.OK) throw new MetaError(code, message);
    return response as Result;
  }

  /** Runs parts of a call in transactions, each attempt of which it announces. */
  #transact(begins: () => void): CallInSteps['transact'] {
    return (work, options) => {
      const run = (waitedFor: ReadonlySet<bigint>) =>
        this.store.transact((txn) => {
          begins();
          return work(new RunOfCall(this.services, txn, waitedFor));
        }, options);
      return options?.waits !== false ? settled(this.services.lazyCommits, run) : run(new Set());
    };
  }

  async #outcome<Result>(name: string, held: Held, work: () => Promise<Result>): Promise<Outcome<Result>> {
    try {
      return { code: MetaServiceCode.OK, message: '', response: await work() };
    } catch (error) {
      held.release();
      if (error instanceof MetaError) return { code: error.code, message: error.message, response: error.response };
      if (error instanceof StoreError) {
        this.logger.warn('the store failed a call', { method: name, error });
        return { code: codeOfStoreError(error), message: error.message, response: {} };
      }
      if (error instanceof MalformedValueError) {
        this.logger.error('a stored value is damaged', { method: name, error });
        return { code: MetaServiceCode.PROTOBUF_PARSE_ERR, message: error.message, response: {} };
      }
      throw error;
    }
  }

  #report(outcome: CallOutcome): void {
    const { code, message, duration_ms } = outcome;
    const level = code === MetaServiceCode.OK ? 'debug' : 'info';
    if (!this.logger.keeps(level)) return;
    const shown = message.length > LONGEST_LOGGED ? `${message.slice(0, LONGEST_LOGGED)}...` : message;
    const fields = {
      ...outcome,
      message: shown,
      code: MetaServiceCode[code],
      duration_ms: Math.round(duration_ms * 1000) / 1000,
    };
    this.logger[level]('call', fields);
  }
}

/** Messages may quote whole requests, which may be as large as a body. */
const LONGEST_LOGGED = 2_000;

interface Outcome<Result> {
  readonly code: MetaServiceCode;
  readonly message: string;
  readonly response: Result | Readonly<Record<string, unknown>>;
}

async function callerOf<Request extends DescMessage>(
  call: Call,
  { caller }: { readonly caller?: Caller<Request> },
  request: MessageShape<Request>,
): Promise<string> {
  if (!caller) return '';
  const { missing, unknown } = caller;
  const id = (request as { readonly cloudUniqueId?: string }).cloudUniqueId ?? '';
  if (id === '' && missing !== undefined) throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, missing);
  const instanceId = await resolveInstance(call, id);
  if (instanceId !== undefined) return instanceId;
  throw new MetaError(MetaServiceCode.INVALID_ARGUMENT, typeof unknown === 'string' ? unknown : unknown(request));
}

interface ResponseFields extends Pick<Message, '$unknown'> {
  readonly $typeName?: string;
  readonly status?: { readonly msg?: string };
}

function answer<Response extends DescMessage>(
  schema: Response,
  response: ResponseInit<Response> | Readonly<Record<string, unknown>>,
  code: MetaServiceCode,
  message: string,
): Answer<Response> {
  const { $typeName, $unknown, status: given } = response as ResponseFields;
  // A response that is a message already may be somebody else's, and is only taken for its fields: its status is another.
  const fields = $typeName === undefined ? response : { ...response, $typeName: undefined };
  const answered = create(schema, fields as MessageInitShape<Response>) as MutableAnswer<Response>;
  answered.status = create(MetaServiceResponseStatusSchema, { code, msg: given?.msg ?? message });
  if ($unknown) answered.$unknown = $unknown;
  return answered;
}

type MutableAnswer<Response extends DescMessage> = MessageShape<Response> & { status: MetaServiceResponseStatus };
