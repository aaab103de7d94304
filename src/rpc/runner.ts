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
import { DEFECT } from './call-counts.ts';
import { type CallOrigin, loggedOrigin } from './call-origin.ts';
import type { CallWatch } from './call-watch.ts';
import { Held } from './held.ts';
import type { RateLimits } from './limits/rate-limits.ts';
import type { Caller, Method, MethodInSteps, ResponseInit } from './method.ts';
import { Progress } from './progress.ts';
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

  /** As `run`, and encodes the answer, so that this is a part of the call. What `encode` throws rejects, and is a defect, too. */
  async serve<Request extends DescMessage, Response extends DescMessage, Encoded extends Sized>(
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageShape<Request>,
    encode: (answer: Answer<Response>) => Encoded | Promise<Encoded>,
    options: RunOptions<Request> = {},
  ): Promise<Encoded> {
    const progress = new Progress(method.name, options.origin ?? this.#origin);
    const { watch, after } = this.#parts;
    const { code, message, response } = await this.#run(progress, method, request, options);
    if (code === MetaServiceCode.OK) after?.(request);
    try {
      const encoding = encode(answer(method.response, response, code, message));
      const encoded = encoding instanceof Promise ? await encoding : encoding;
      if (encoding !== encoded || encoded.length >= LARGE_ANSWER) progress.encoded();
      watch.ended(progress, code, message);
      return encoded;
    } catch (error) {
      watch.ended(progress, DEFECT, '');
      throw error;
    }
  }

  #run<Request extends DescMessage, Response extends DescMessage>(
    progress: Progress,
    method: Method<Request, Response> | MethodInSteps<Request, Response>,
    request: MessageShape<Request>,
    { rules, untilSent }: RunOptions<Request>,
  ): Promise<Outcome<ResponseInit<Response>>> {
    const held = new Held();
    const steps = new StepsOfCall(this.#parts.services, this.#transact(progress), held.add);
    const begin = () => {
      method.check?.(request);
      const work = () => this.#work(method, request, steps, progress, rules);
      return method.takes_turns ? this.#takeTurn(progress, work) : work();
    };
    return this.#outcome(progress, held, begin, untilSent);
  }

  #takeTurn<Result>(progress: Progress, work: () => Promise<Result>): Promise<Result> {
    return this.#turns.take(() => {
      progress.queue_ms += performance.now() - progress.began_ms;
      return work();
    });
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
      const admission = admitted ? undefined : this.#parts.rateLimits?.admit(method.name, instanceId);
      if (admission !== undefined) {
        const asked_ms = performance.now();
        await admission;
        progress.queue_ms += performance.now() - asked_ms;
      }
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
    const progress = new Progress(name, this.#origin);
    const held = new Held();
    const steps = new StepsOfCall(this.#parts.services, this.#transact(progress), held.add);
    const { code, message, response } = await this.#outcome(progress, held, () => work(steps), undefined);
    this.#parts.watch.ended(progress, code, message);
    if (code !== MetaServiceCode.OK) throw new MetaError(code, message);
    return response as Result;
  }

  /** Runs parts of a call in transactions, each attempt of which it notes. */
  #transact(progress: Progress): CallInSteps['transact'] {
    const { store, services } = this.#parts;
    return (work, options) => {
      const transacting = options === undefined ? { spent: progress } : { ...options, spent: progress };
      const run = (waitedFor: ReadonlySet<bigint>) => {
        let isAgain = false;
        return store.transact((txn) => {
          progress.attempts++;
          if (isAgain) progress.retries++;
          isAgain = true;
          return work(new RunOfCall(services, txn, waitedFor));
        }, transacting);
      };
      return options?.waits !== false ? settled(services.lazyCommits, run) : run(new Set());
    };
  }

  /** What came of a call, whose answer, if it has one, is sent after that. */
  async #outcome<Result>(
    progress: Progress,
    held: Held,
    work: () => Promise<Result>,
    untilSent: RunOptions<DescMessage>['untilSent'],
  ): Promise<Outcome<Result>> {
    try {
      const response = await work();
      progress.end();
      held.passOn(untilSent);
      return { code: MetaServiceCode.OK, message: '', response };
    } catch (error) {
      progress.end();
      held.release();
      const outcome = this.#failure(progress, error);
      if (outcome !== undefined) return outcome;
      this.#parts.watch.ended(progress, DEFECT, '');
      throw error;
    }
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
