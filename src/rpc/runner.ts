import type { DescMessage, Message, MessageShape } from '@bufbuild/protobuf';
import { type Awaitable, attempt, whenThere } from '../awaitable.ts';
import type { Store, Transaction } from '../kv/store.ts';
import { StoreError } from '../kv/store-error.ts';
import type { Call, CallInSteps, MetaServices, StepOptions } from '../meta/call.ts';
import { settled } from '../meta/commit/settled.ts';
import { MetaError } from '../meta/meta-error.ts';
import type { Logger } from '../observe/logger.ts';
import { MalformedValueError } from '../records/malformed-value.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { type Answer, answer } from './answer.ts';
import { DEFECT } from './call-counts.ts';
import { type CallOrigin, loggedOrigin } from './call-origin.ts';
import type { CallWatch } from './call-watch.ts';
import { callerOf } from './caller-of.ts';
import { Held } from './held.ts';
import type { RateLimits } from './limits/rate-limits.ts';
import type { Method, MethodInSteps, ResponseInit } from './method.ts';
import { Progress } from './progress.ts';
import { RunOfCall, StepsOfCall } from './run-of-call.ts';
import { codeOfStoreError } from './store-status.ts';
import { Turns } from './turns.ts';

/** Checks that come before a method's own, in its transaction. They throw a MetaError, and change nothing. */
export type Rules<Request extends DescMessage> = (
  call: Call,
  request: MessageShape<Request>,
  instanceId: string,
) => Awaitable<void>;

export interface RunOptions<Request extends DescMessage> {
  readonly rules?: Rules<Request> | undefined;
  /** Given what to call, once, when an answer that holds memory in common was sent or is lost; without it, the end of `run` counts. */
  readonly untilSent?: ((release: () => void) => void) | undefined;
  /** What the caller says of the call. */
  readonly origin?: CallOrigin | undefined;
}

/** What calls work with. */
export interface RunnerParts {
  readonly store: Store;
  readonly services: MetaServices;
  readonly logger: Logger;
  /** Without them, there are none. */
  readonly rateLimits?: RateLimits;
  /** Told of each call that has ended. */
  readonly watch: Pick<CallWatch, 'ended'>;
  /** Given the requests of calls of methods that have succeeded. */
  readonly after?: ((request: Message) => void) | undefined;
}

/** Bytes, signs or pieces, by whose number an answer is small or not. */
interface Sized {
  readonly length: number;
}

/** To encode a smaller answer takes no time worth a look at the clock. */
const LARGE_ANSWER = 16 * 1024;

/**
 * Runs methods: finds the caller's instance, gives each attempt a transaction, commits it or undoes it, retries what the
 * store could not do at once, and turns whatever went wrong into the status of the response.
 */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #turns: Turns;
  readonly #origin: CallOrigin | undefined;

  constructor(parts: RunnerParts, turns = new Turns(), origin?: CallOrigin) {
    this.#parts = parts;
    this.#turns = turns;
    this.#origin = origin;
  }

  /** The same for the calls of one caller, of which it says this. */
  for(origin: CallOrigin): Runner {
    return new Runner(this.#parts, this.#turns, origin);
  }

  /** Answers a request. Rejects only for a defect of the service itself. */
  async run<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageShape<Request>,
    options: RunOptions<Request> = {},
  ): Promise<Answer<Response>> {
    const progress = new Progress(method.name, options.origin ?? this.#origin);
    const { code, message, response } = await this.#run(progress, method, request, options);
    const { watch, after } = this.#parts;
    watch.ended(progress, code, message);
    if (code === MetaServiceCode.OK) after?.(request);
    return answer(method.response, response, code, message);
  }

  /**
   * As `run`, and encodes the answer, so that this is a part of the call. What `encode` throws is a defect, too. The answer is
   * there at once where nothing had to be waited for; a defect may be thrown at once.
   */
  serve<Request extends DescMessage, Response extends DescMessage, Encoded extends Sized>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageShape<Request>,
    encode: (answer: Answer<Response>) => Awaitable<Encoded>,
    options: RunOptions<Request> = {},
  ): Awaitable<Encoded> {
    const progress = new Progress(method.name, options.origin ?? this.#origin);
    return whenThere(this.#run(progress, method, request, options), ({ code, message, response }) => {
      if (code === MetaServiceCode.OK) this.#parts.after?.(request);
      const encodeAnswer = () => encode(answer(method.response, response, code, message));
      return this.#encoded(progress, code, message, encodeAnswer);
    });
  }

  #encoded<Encoded extends Sized>(
    progress: Progress,
    code: MetaServiceCode,
    message: string,
    encode: () => Awaitable<Encoded>,
  ): Awaitable<Encoded> {
    const { watch } = this.#parts;
    return attempt(
      () => {
        const encoding = encode();
        return whenThere(encoding, (encoded) => {
          if (encoding !== encoded || encoded.length >= LARGE_ANSWER) progress.encoded();
          watch.ended(progress, code, message);
          return encoded;
        });
      },
      (error) => {
        watch.ended(progress, DEFECT, '');
        throw error;
      },
    );
  }

  #run<Request extends DescMessage, Response extends DescMessage>(
    progress: Progress,
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageShape<Request>,
    { rules, untilSent }: RunOptions<Request>,
  ): Awaitable<Outcome<ResponseInit<Response>>> {
    const held = new Held();
    const begin = () => {
      method.check?.(request);
      const work = () => this.#work(method, request, held, progress, rules);
      return method.takes_turns ? this.#takeTurn(progress, work) : work();
    };
    return this.#outcome(progress, held, begin, untilSent);
  }

  #takeTurn<Result>(progress: Progress, work: () => Awaitable<Result>): Promise<Result> {
    return this.#turns.take(() => {
      progress.queue_ms += performance.now() - progress.began_ms;
      return work();
    });
  }

  #work<Request extends DescMessage, Response extends DescMessage>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageShape<Request>,
    held: Held,
    progress: Progress,
    rules: Rules<Request> | undefined,
  ): Awaitable<ResponseInit<Response>> {
    let admitted = false;
    const callerIn = (call: Call) =>
      whenThere(callerOf(call, method, request), (instanceId) => {
        progress.instance_id = instanceId;
        // A call counts once, however often its transaction has to be run.
        const admission = admitted ? undefined : this.#admission(progress, instanceId);
        admitted = true;
        if (admission === undefined && rules === undefined) return instanceId;
        return whenThere(admission, () => whenThere(rules?.(call, request, instanceId), () => instanceId));
      });
    if ('run' in method) {
      const { run } = method;
      return this.#transact(progress, (call) =>
        whenThere(callerIn(call), (instanceId) => run(call, request, instanceId)),
      );
    }
    return whenThere(this.#transact(progress, callerIn), (instanceId) =>
      method.runInSteps(this.#steps(progress, held), request, instanceId),
    );
  }

  /** Lets a call in, or rejects when its instance has called too often. */
  #admission(progress: Progress, instanceId: string): Awaitable<void> {
    const admission = this.#parts.rateLimits?.admit(progress.method, instanceId);
    if (admission === undefined) return undefined;
    const asked_ms = performance.now();
    return admission.then(() => {
      progress.queue_ms += performance.now() - asked_ms;
    });
  }

  /** Runs a read that is no method of the service. Throws a MetaError for whatever goes wrong but a defect. */
  read<Result>(name: string, work: (call: Call) => Promise<Result>): Promise<Result> {
    return this.perform(name, ({ transact }) => transact(work));
  }

  /** As `read`, for what changes something, or takes more than one transaction. */
  async perform<Result>(name: string, work: (call: CallInSteps) => Promise<Result>): Promise<Result> {
    const progress = new Progress(name, this.#origin);
    const held = new Held();
    const steps = this.#steps(progress, held);
    const { code, message, response } = await this.#outcome(progress, held, () => work(steps), undefined);
    this.#parts.watch.ended(progress, code, message);
    if (code !== MetaServiceCode.OK) throw new MetaError(code, message);
    return response as Result;
  }

  #steps(progress: Progress, held: Held): CallInSteps {
    const transact: CallInSteps['transact'] = async (work, options) => this.#transact(progress, work, options);
    return new StepsOfCall(this.#parts.services, transact, held.add);
  }

  /** Runs a part of a call in a transaction, each attempt of which it notes. */
  #transact<Result>(
    progress: Progress,
    work: (call: Call) => Awaitable<Result>,
    options?: StepOptions,
  ): Awaitable<Result> {
    const { store, services } = this.#parts;
    const transacting = options === undefined ? { spent: progress } : { ...options, spent: progress };
    const run = (waitedFor: ReadonlySet<bigint>) => {
      let isAgain = false;
      const once = (txn: Transaction) => {
        progress.attempts++;
        if (isAgain) progress.retries++;
        isAgain = true;
        return work(new RunOfCall(services, txn, waitedFor));
      };
      return store.transactNow ? store.transactNow(once, transacting) : store.transact(once, transacting);
    };
    return options?.waits === false ? run(new Set()) : settled(services.lazyCommits, run);
  }

  /** What came of a call, whose answer, if it has one, is sent after that. */
  #outcome<Result>(
    progress: Progress,
    held: Held,
    work: () => Awaitable<Result>,
    untilSent: RunOptions<DescMessage>['untilSent'],
  ): Awaitable<Outcome<Result>> {
    return attempt<Outcome<Result>>(
      () =>
        whenThere(work(), (response) => {
          progress.end();
          held.passOn(untilSent);
          return { code: MetaServiceCode.OK, message: '', response };
        }),
      (error) => {
        progress.end();
        held.release();
        const outcome = this.#failure(progress, error);
        if (outcome !== undefined) return outcome;
        this.#parts.watch.ended(progress, DEFECT, '');
        throw error;
      },
    );
  }

  /** What a caller is told of an error; undefined for a defect. */
  #failure({ method, origin }: Progress, error: unknown): Outcome<never> | undefined {
    const { logger } = this.#parts;
    if (error instanceof MetaError) return { code: error.code, message: error.message, response: error.response };
    if (error instanceof StoreError) {
      logger.warn('the store failed a call', { method, ...loggedOrigin(origin), error });
      return { code: codeOfStoreError(error), message: error.message, response: {} };
    }
    if (error instanceof MalformedValueError) {
      logger.error('a stored value is damaged', { method, ...loggedOrigin(origin), error });
      return { code: MetaServiceCode.PROTOBUF_PARSE_ERR, message: error.message, response: {} };
    }
    return undefined;
  }
}

interface Outcome<Result> {
  readonly code: MetaServiceCode;
  readonly message: string;
  readonly response: Result | Readonly<Record<string, unknown>>;
}
