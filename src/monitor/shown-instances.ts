import type { HttpAnswer } from '../admin/http-types.ts';
import type { InstanceInfoPB } from '../schema/gen/cloud/instance_pb.ts';
import { type BackendRow, type ClusterRows, nameOf, rowOf } from './backend-row.ts';
import { clusterStatus, FrontendCode, refusal } from './envelope.ts';
import type { FrontendOutcome } from './frontends/read-answer.ts';
import type { KnownBackends } from './heartbeat/report.ts';
import { backendsOf } from './nodes.ts';

/** Rows of one answer. */
const MOST_ROWS = 10_000;
/** Instances whose fault an answer names. */
const MOST_FAULTS = 20;

/** The answer as far as instances have been added to it. */
export class ShownInstances {
  readonly #known: KnownBackends;
  readonly #clusters = new Map<string, BackendRow[]>();
  readonly #faults: string[] = [];
  readonly #refusals: string[] = [];
  #instances = 0;
  #rows = 0;

  constructor(known: KnownBackends) {
    this.#known = known;
  }

  /** Adds what its frontends have answered, or, where it has none, its backends. */
  add(instance: InstanceInfoPB, outcome: FrontendOutcome | undefined): void {
    this.#instances++;
    if (outcome?.kind === 'answer') {
      this.#addRows(outcome.clusters);
      return;
    }
    if (outcome?.kind === 'refused') this.#refusals.push(outcome.why);
    if (outcome !== undefined) this.#faults.push(`the frontends of instance ${instance.instanceId}: ${outcome.why}`);
    // Its backends answer to its frontends alone, so nothing is known of them.
    const known = outcome === undefined ? this.#known : new Map();
    const clusters = [...backendsOf(instance)].map(
      ([cluster_id, backends]) =>
        [cluster_id, backends.map((address) => rowOf(address, known.get(nameOf(address))?.facts))] as const,
    );
    this.#addRows(new Map(clusters));
  }

  answer(): HttpAnswer {
    if (this.#rows > MOST_ROWS) {
      const why = `there are more than ${MOST_ROWS} backends, ask for one instance at a time with instance_id`;
      return refusal(FrontendCode.bad_request, why);
    }
    const [first] = this.#refusals;
    if (first !== undefined && this.#refusals.length === this.#instances) {
      return refusal(FrontendCode.unauthorized, first);
    }
    return clusterStatus(this.#clusters, this.#shownFaults());
  }

  #shownFaults(): readonly string[] {
    const more = this.#faults.length - MOST_FAULTS;
    return more > 0 ? [...this.#faults.slice(0, MOST_FAULTS), `${more} more like these`] : this.#faults;
  }

  /** Clusters of two instances may have one id, and are shown under it together. */
  #addRows(clusters: ClusterRows): void {
    for (const [cluster_id, rows] of clusters) {
      this.#rows += rows.length;
      if (this.#rows > MOST_ROWS) return;
      const before = this.#clusters.get(cluster_id);
      if (before === undefined) this.#clusters.set(cluster_id, [...rows]);
      else before.push(...rows);
    }
  }
}
