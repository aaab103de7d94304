import { isMessage, type Message } from '@bufbuild/protobuf';
import type { Settings } from '../../config/settings.ts';
import type { Store } from '../../kv/store.ts';
import type { MetaServices } from '../../meta/call.ts';
import { resolveInstance } from '../../meta/identity/resolve-instance.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Clock } from '../../recycler/jobs/clock.ts';
import { AlterClusterRequestSchema } from '../../schema/gen/cloud/cluster_pb.ts';
import {
  AlterInstanceRequestSchema,
  AlterInstanceRequest_Operation as Operation,
} from '../../schema/gen/cloud/instance_pb.ts';
import { ownAddress } from './own-address.ts';
import { type Entry, enter, idOf, leave, othersThan } from './registry.ts';
import { tellToRefresh } from './tell.ts';

export interface NeighboursOptions {
  readonly store: Store;
  readonly settings: Pick<
    Settings,
    | 'drain_timeout_ms'
    | 'hostname'
    | 'listen'
    | 'meta_server_lease_ms'
    | 'meta_server_register_interval_ms'
    | 'priority_networks'
  >;
  readonly services: Pick<MetaServices, 'nodes'>;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** How many services are told at a time. */
const TOLD_AT_A_TIME = 8;

/**
 * The other services on the same cluster, Doris' own among them. This one enters itself in their registry, so that they tell
 * it when they have changed the nodes of an instance, and tells them. Others of its own kind need not be told, since they see
 * it in the store; who is of which kind the registry does not say.
 */
export class Neighbours {
  readonly #options: NeighboursOptions;
  #entry: Entry | undefined;
  #cancel: () => void = () => undefined;
  /** What goes on at the moment: one renewal, and one round of telling. */
  #renewing: Promise<void> | undefined;
  #telling: Promise<void> | undefined;
  /** Requests for which nobody was told yet, by what tells them apart: instances, or callers whose instance is to be found. */
  readonly #changed = new Map<string, Changed>();
  #stopped = false;

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  /** Enters this service, now that it is reached at this port, and from then on again and again. */
  start(port: number): void {
    const { settings } = this.#options;
    this.#entry = { ip: ownAddress(settings), port, host: settings.hostname };
    this.#renew();
  }

  /** Has the others told, if what was called has changed the nodes of an instance. Does not wait. */
  after(request: Message): void {
    const changed = this.#stopped ? undefined : changedBy(request);
    if (changed === undefined) return;
    this.#changed.set(`${changed.instanceId} ${changed.cloudUniqueId}`, changed);
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = undefined;
    });
  }

  /** Takes this service out again, when those who can be were told. Calling it again is harmless. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancel();
    await this.#told();
    if (this.#entry === undefined) return;
    await leave(this.#options.store, this.#entry).catch((error: unknown) =>
      this.#options.logger.warn('this service could not be taken out of the registry', { error }),
    );
  }

  /** Resolves when nobody has to be told any more, but no later than `drain_timeout_ms`. */
  async #told(): Promise<void> {
    const { settings, clock } = this.#options;
    let cancel: () => void = () => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(settings.drain_timeout_ms, resolve);
    });
    await Promise.race([Promise.all([this.#renewing, this.#telling]), late]);
    cancel();
  }

  #renew(): void {
    const { store, settings, clock, logger } = this.#options;
    if (this.#entry === undefined) return;
    const { meta_server_lease_ms, meta_server_register_interval_ms } = settings;
    this.#renewing = enter(store, this.#entry, clock.now_ms(), meta_server_lease_ms).catch((error: unknown) =>
      logger.warn('this service could not be entered in the registry', { error }),
    );
    void this.#renewing.then(() => {
      if (!this.#stopped) this.#cancel = clock.after(meta_server_register_interval_ms, () => this.#renew());
    });
  }

  async #tell(): Promise<void> {
    const { store, clock, logger } = this.#options;
    while (this.#changed.size > 0) {
      const changed = [...this.#changed.values()];
      this.#changed.clear();
      try {
        const others = await othersThan(store, this.#entry === undefined ? '' : idOf(this.#entry), clock.now_ms());
        if (others.length === 0) continue;
        for (const one of changed) {
          const instance_id = await this.#instanceOf(one);
          if (instance_id !== undefined) await this.#tellAll(others, instance_id);
        }
      } catch (error) {
        logger.warn('other services could not be told of changed nodes', { error });
      }
    }
  }

  async #tellAll(others: Awaited<ReturnType<typeof othersThan>>, instance_id: string): Promise<void> {
    for (let at = 0; at < others.length; at += TOLD_AT_A_TIME) {
      await Promise.all(
        others.slice(at, at + TOLD_AT_A_TIME).map(async (item) => {
          const reason = await tellToRefresh(item, instance_id);
          if (reason === undefined) return;
          this.#options.logger.warn('another service was not told of changed nodes', {
            ...{ service: item.id, instance_id, reason },
          });
        }),
      );
    }
  }

  async #instanceOf({ instanceId, cloudUniqueId }: Changed): Promise<string | undefined> {
    if (instanceId !== '') return instanceId;
    const { store, services } = this.#options;
    return store.transact((txn) => resolveInstance({ ...services, txn }, cloudUniqueId));
  }
}

interface Changed {
  /** Empty where the caller says whose nodes they are. */
  readonly instanceId: string;
  readonly cloudUniqueId: string;
}

function changedBy(request: Message): Changed | undefined {
  if (isMessage(request, AlterClusterRequestSchema)) {
    return { instanceId: request.instanceId, cloudUniqueId: request.cloudUniqueId };
  }
  // That one was told itself.
  const is_altered = isMessage(request, AlterInstanceRequestSchema) && request.op !== Operation.REFRESH;
  return is_altered ? { instanceId: request.instanceId, cloudUniqueId: '' } : undefined;
}
