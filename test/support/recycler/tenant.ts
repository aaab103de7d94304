import { setTimeout as sleep } from 'node:timers/promises';
import {
  AlterInstanceRequest_Operation as Operation,
  InstanceInfoPB_Status as Status,
} from '../../../src/schema/gen/cloud/instance_pb.ts';
import { ObjectStoreInfoPB_Provider as Provider } from '../../../src/schema/gen/cloud/object_store_pb.ts';
import { S3_DOUBLE } from '../objects/s3-double.ts';
import { Actor } from '../simulation/actor.ts';
import { expectCode } from '../simulation/cluster.ts';
import type { ChaosStorage } from './chaos-storage.ts';

const INSTANCE_ID = 'tenant';
const PREFIX = 'tenant-data/';
const PAUSE_MS = 50;
/** Longer than listings may be stale. */
const SETTLED_MS = 600;
const MOST_MS = 120_000;

/** Creates an instance with a vault, fills the vault, drops the instance, and does the same again under the same id and prefix. */
export class Tenant extends Actor {
  #lives = 0;

  async act(): Promise<void> {
    const { service, findings, tally } = this.cluster;
    if (!(await this.#created())) return;
    if (this.#keys().length > 0) findings.add(`${this.name}: life ${this.#lives} found ${this.#keys()[0]}`);
    const written = Array.from({ length: 1 + this.random.int(30) }, (_, i) => this.#write(i));
    await sleep(SETTLED_MS + this.random.int(SETTLED_MS));
    const lost = written.find((key) => !this.#double.has(key));
    if (lost !== undefined) findings.add(`${this.name}: ${lost} is lost in life ${this.#lives}`);
    const { answer } = await service.insist('alter_instance', { instanceId: INSTANCE_ID, op: Operation.DROP });
    expectCode(this.cluster, `${this.name}: drop`, answer, 'OK');
    tally.count('tenant dropped');
    this.#lives++;
  }

  /** Waits until the last one is gone, with all that it had. */
  async end(): Promise<void> {
    if (!(await this.#until(async () => (await this.#status()) === undefined))) return;
    if (this.#keys().length > 0) this.cluster.findings.add(`${this.name}: ${this.#keys()[0]} is left`);
  }

  /** Creates it as soon as the one before is gone. */
  async #created(): Promise<boolean> {
    const { service, tally } = this.cluster;
    const { endpoint } = this.#double;
    const { ak, sk, bucket } = S3_DOUBLE;
    const where = { endpoint, externalEndpoint: endpoint, region: 'us-east-1', provider: Provider.S3 };
    const vault = { name: 'v', objInfo: { ak, sk, bucket, prefix: PREFIX, ...where } };
    const created = await this.#until(async () => {
      const request = { instanceId: INSTANCE_ID, name: INSTANCE_ID, userId: 'chaos', vault };
      const { answer } = await service.insist('create_instance', request);
      // As long as the one before is there, or its objects are being deleted.
      expectCode(this.cluster, `${this.name}: create`, answer, 'OK', 'ALREADY_EXISTED', 'INVALID_ARGUMENT');
      return (await this.#status()) === Status.NORMAL;
    });
    if (created) tally.count('tenant created');
    return created;
  }

  async #status(): Promise<Status | undefined> {
    const { answer } = await this.cluster.service.insist('get_instance', { cloudUniqueId: `1:${INSTANCE_ID}:node` });
    return answer.instance?.status;
  }

  async #until(holds: () => Promise<boolean>): Promise<boolean> {
    const end_ms = performance.now() + MOST_MS;
    while (!(await holds())) {
      if (performance.now() > end_ms) {
        this.cluster.findings.add(`${this.name}: life ${this.#lives} did not end`);
        return false;
      }
      await sleep(PAUSE_MS);
    }
    return true;
  }

  #write(number: number): string {
    const key = `${PREFIX}data/${1 + (number % 5)}/${this.#lives}-${number}_0.dat`;
    this.#double.put(key);
    return key;
  }

  #keys(): string[] {
    return this.#double.keys().filter((key) => key.startsWith(PREFIX));
  }

  get #double() {
    return (this.cluster.storage as ChaosStorage).double;
  }
}
