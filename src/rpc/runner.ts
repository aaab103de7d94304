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
import { CallCounts, DEFECT } from './call-counts.ts';
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

/**
 * Runs methods: finds the caller's instance, gives each attempt a transaction, commits it or undoes it, retries what the
 * store could not do at once, and turns whatever went wrong into the status of the response.
 */
export class Runner {
  readonly #turns = new Turns();

  /** Calls are counted in `counts`; `after` is given the requests of those that have succeeded. */
  constructor(
    private readonly store: Store,
    private readonly services: MetaServices,
    private readonly logger: Logger,
    private readonly rateLimits?: RateLimits,
    private readonly counts = new CallCounts(0),
    private readonly after?: (request: Message) => void,
  ) {}

  /** Answers a request. Rejects only for a defect of the service itself. */
  async run<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageShape<Request>,
    { rules, untilSent }: RunOptions<Request> = {},
  ): Promise<Answer<Response>> {
    const progress = new Progress(method.name);
    const held = new Held();
    const steps = new StepsOfCall(this.services, this.#transact(progress), held.add);
    const { code, message, response } = await this.#outcome(progress, held, () => {
      method.check?.(request);
      const work = () => this.#work(method, request, steps, progress, rules);
      return method.takes_turns ? this.#turns.take(work) : work();
    });
    held.passOn(untilSent);
    this.#report(progress, code, message);
    if (code === MetaServiceCode.OK) this.after?.(request);
    return answer(method.response, response, code, message);
  }

  #work<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageShape<Request>,
    steps: CallInSteps,
    progress: Progress,
    rules: Rules<Request> | undefined,
  ): Promise<ResponseInit<Response>> {
    let admitted = false;
    const callerIn = async (call: Call) => {
      const instanceId = await callerOf(call, method, request);
      progress.instance_id = instanceId;
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
    const progress = new Progress(name);
    const held = new Held();
    const steps = new StepsOfCall(this.services, this.#transact(progress), held.add);
    const { code, message, response } = await this.#outcome(progress, held, () => work(steps));
    held.release();
    this.#report(progress, code, message);
    if (code !== MetaServiceCode.OK) throw new MetaError(code, message);
    return response as Result;
  }

  /** Runs parts of a call in transactions, each attempt of which it notes. */
  #transact(progress: Progress): CallInSteps['transact'] {
    return (work, options) => {
      const run = (waitedFor: ReadonlySet<bigint>) => {
        let isAgain = false;
        return this.store.transact((txn) => {
          progress.attempts++;
          if (isAgain) progress.retries++;
          isAgain = true;
          return work(new RunOfCall(this.services, txn, waitedFor));
        }, options);
      };
      return options?.waits !== false ? settled(this.services.lazyCommits, run) : run(new Set());
    };
  }

  async #outcome<Result>(progress: Progress, held: Held, work: () => Promise<Result>): Promise<Outcome<Result>> {
    const { method } = progress;
    try {
      return { code: MetaServiceCode.OK, message: '', response: await work() };
    } catch (error) {
      held.release();
      if (error instanceof MetaError) return { code: error.code, message: error.message, response: error.response };
      if (error instanceof StoreError) {
        this.logger.warn('the store failed a call', { method, error });
        return { code: codeOfStoreError(error), message: error.message, response: {} };
      }
      if (error instanceof MalformedValueError) {
        this.logger.error('a stored value is damaged', { method, error });
        return { code: MetaServiceCode.PROTOBUF_PARSE_ERR, message: error.message, response: {} };
      }
      const { instance_id, retries, duration_ms } = progress;
      this.counts.add(method, instance_id, DEFECT, duration_ms, retries);
      throw error;
    }
  }

  #report({ method, instance_id, duration_ms, attempts, retries }: Progress, code: MetaServiceCode, message: string) {
    this.counts.add(method, instance_id, code, duration_ms, retries);
    const level = code === MetaServiceCode.OK ? 'debug' : 'info';
    if (!this.logger.keeps(level)) return;
    const shown = message.length > LONGEST_LOGGED ? `${message.slice(0, LONGEST_LOGGED)}...` : message;
    this.logger[level]('call', {
      method,
      code: MetaServiceCode[code],
      message: shown,
      duration_ms: Math.round(duration_ms * 1000) / 1000,
      attempts,
    });
  }
}

/** Messages may quote whole requests, which may be as large as a body. */
const LONGEST_LOGGED = 2_000;

/** A call while it runs. */
class Progress {
  /** That of its caller, once it was found; empty for a call that concerns none. */
  instance_id = '';
  /** Transactions that were begun for it. */
  attempts = 0;
  /** Those among them that ran again what had run before. */
  retries = 0;
  readonly #began_ms = performance.now();

  constructor(readonly method: string) {}

  /** So far. */
  get duration_ms(): number {
    return performance.now() - this.#began_ms;
  }
}

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
