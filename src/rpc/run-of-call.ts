import type { Transaction } from '../kv/store.ts';
import type { Call, CallInSteps, MetaServices } from '../meta/call.ts';

/**
 * The services as a call sees them, with what is its own beside them. They are copied one by one, since every call needs
 * them twice, and to spread them takes longer than to read from the store.
 */
class ServicesOfCall implements MetaServices {
  readonly nodes: MetaServices['nodes'];
  readonly keyring: MetaServices['keyring'];
  readonly lazyCommits: MetaServices['lazyCommits'];
  readonly partitionTurns: MetaServices['partitionTurns'];
  readonly bitmapRoom: MetaServices['bitmapRoom'];
  readonly settings: MetaServices['settings'];
  readonly now_ms: MetaServices['now_ms'];

  constructor(services: MetaServices) {
    this.nodes = services.nodes;
    this.keyring = services.keyring;
    this.lazyCommits = services.lazyCommits;
    this.partitionTurns = services.partitionTurns;
    this.bitmapRoom = services.bitmapRoom;
    this.settings = services.settings;
    this.now_ms = services.now_ms;
  }
}

/** One run of a call, in one transaction. */
export class RunOfCall extends ServicesOfCall implements Call {
  constructor(
    services: MetaServices,
    readonly txn: Transaction,
    readonly waitedFor: ReadonlySet<bigint>,
  ) {
    super(services);
  }
}

/** A call that may take several transactions. */
export class StepsOfCall extends ServicesOfCall implements CallInSteps {
  constructor(
    services: MetaServices,
    readonly transact: CallInSteps['transact'],
    readonly untilSent: CallInSteps['untilSent'],
  ) {
    super(services);
  }
}
