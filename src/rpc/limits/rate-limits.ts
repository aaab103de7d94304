import { MetaError } from '../../meta/meta-error.ts';
import { MetaServiceCode } from '../../schema/gen/cloud/status_pb.ts';
import { TokenBuckets, type Tokens } from './token-buckets.ts';

export interface RateLimitSettings {
  readonly enable_rate_limit: boolean;
  /** Calls a second that each instance may make of each method. */
  readonly default_max_qps_limit: number;
  /** The same for single methods, by their names. */
  readonly specific_max_qps_limit: ReadonlyMap<string, number>;
}

/** Keeps one instance from taking the service from the others: each may call each method so often in a second. */
export class RateLimits {
  readonly #settings: RateLimitSettings;
  readonly #tokens: Tokens;

  constructor(settings: RateLimitSettings, tokens: Tokens = new TokenBuckets()) {
    this.#settings = settings;
    this.#tokens = tokens;
  }

  /**
   * Counts a call of an instance. Calls that concern no instance, for which `instanceId` is empty, have no limit.
   *
   * @throws {MetaError} MAX_QPS_LIMIT, at once or by rejecting
   */
  admit(method: string, instanceId: string): void | Promise<void> {
    const { enable_rate_limit, default_max_qps_limit, specific_max_qps_limit } = this.#settings;
    if (!enable_rate_limit || instanceId === '') return undefined;
    const limit = specific_max_qps_limit.get(method) ?? default_max_qps_limit;
    const taken = this.#tokens.take(`${method}/${instanceId}`, limit);
    return taken instanceof Promise ? taken.then(refuseUnless) : refuseUnless(taken);
  }
}

function refuseUnless(taken: boolean): void {
  if (!taken) throw new MetaError(MetaServiceCode.MAX_QPS_LIMIT, 'reach max qps limit');
}
