import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { FinishCopyRequest_Action as CopyAction } from '../../../src/schema/gen/cloud/copy_pb.ts';
import { TabletCompactionJobPB_CompactionType as Compaction } from '../../../src/schema/gen/cloud/job_pb.ts';
import { StagePB_StageType as StageType } from '../../../src/schema/gen/cloud/stage_pb.ts';
import { codeName } from '../simulation/rpc-client.ts';
import { ServiceProcess } from '../simulation/service-process.ts';
import type { Place } from './places.ts';
import { callRecycler, type JobShown, recycleInstances } from './recycler-calls.ts';
import { liveKeys, storedKeys } from './stored-keys.ts';
import { Story } from './story.ts';
import type { StoryTable } from './story-table.ts';

/** Nothing is recycled unless it is asked for, and then whatever may go. */
const ON_DEMAND = [
  ...['--recycle-interval-seconds', '100000', '--recycler-sleep-before-scheduling-seconds', '100000'],
  ...['--force-immediate-recycle', 'true', '--label-keep-max-second', '0', '--retention-seconds', '0'],
  ...['--enable-distinguish-hdfs-path', 'false'],
];

const PAUSE_MS = 20;
/** Far longer than it takes. */
const MOST_MS = 60_000;
/** How many rounds there may be until nothing more is found: what one aborts is due in the next. */
const MOST_ROUNDS = 5;

const STAGE = { stageId: 'stage-1', mysqlUserName: ['jack'], mysqlUserId: ['1'] };
const DROPPED_STAGE = { stageId: 'stage-2', mysqlUserName: ['jill'], mysqlUserId: ['2'] };

/** A service in its own process with some instances on one server for objects, whose stories are known. */
export class StoryWorld {
  readonly #place: Place;
  readonly #dir: string;
  readonly #stories = new Map<string, Story>();
  #service: ServiceProcess;

  constructor(place: Place, dir: string) {
    this.#place = place;
    this.#dir = dir;
    this.#service = new ServiceProcess(dir, ON_DEMAND);
  }

  async dispose(): Promise<void> {
    await this.#service.dispose();
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Creates an instance. Its story is written to the first of its vaults unless another one is told, with its folder. */
  async create(instance_id: string, place = this.#place, resource_id = '1', folder = ''): Promise<Story> {
    const who = { instance_id, name: instance_id, user_id: 'test' };
    await this.#service.admin('create_instance', { ...who, ...place.instance(prefixOf(instance_id)) });
    const story = new Story({
      service: { insist: (name, request) => this.#service.insist(name, request) },
      ...{ instance_id, resource_id },
      put: (key) => place.put(`${prefixOf(instance_id)}${folder}/${key}`),
    });
    this.#stories.set(instance_id, story);
    return story;
  }

  /** Has everything happen to the tables of an instance that leaves something behind. */
  async tell(story: Story): Promise<void> {
    await story.createTables();
    const [first, second, third] = story.tables;
    if (!first || !second || !third) throw new Error('a table is missing');
    const tellOf = async (table: StoryTable) => {
      for (let version = 2; version <= 5; version++) await story.load(table);
      await story.load(table, 'abort');
      await story.load(table, 'time out');
      await story.forsake(table, false);
      await story.forsake(table, true);
      await story.compact(table, 2n, 3n, Compaction.CUMULATIVE);
      await story.compact(table, 4n, 5n, Compaction.CUMULATIVE);
      await story.compact(table, 2n, 5n, Compaction.BASE);
      await story.forsakePartition(table);
    };
    await Promise.all(story.tables.map(tellOf));
    await story.changeSchema(second);
    await story.load(second);
    await story.dropPartition(first);
    await story.load(first);
    await story.dropTable(third);
  }

  /** Files in stages, of which some were loaded, and one stage is dropped. Answers the keys of the files that stay. */
  async tellOfStages(instance_id: string): Promise<string[]> {
    const cloudUniqueId = `1:${instance_id}:fe`;
    const prefix = `${prefixOf(instance_id)}/stage`;
    for (const stage of [STAGE, DROPPED_STAGE]) {
      await this.#must('create_stage', { cloudUniqueId, stage: { ...stage, type: StageType.INTERNAL } });
    }
    for (const file of ['loaded.csv', 'failed.csv', 'other.csv']) await this.#place.put(`${prefix}/jack/1/${file}`);
    await this.#place.put(`${prefix}/jill/2/gone.csv`);
    const times = { startTimeMs: 1n, timeoutTimeMs: 2n, finishTimeMs: 3n };
    const job = { cloudUniqueId, stageId: 'stage-1', tableId: 7n, groupId: 0, stageType: StageType.INTERNAL, ...times };
    for (const name of ['loaded', 'failed']) {
      const objectFiles = [{ relativePath: `${name}.csv`, etag: '', size: 1n }];
      await this.#must('begin_copy', { ...job, copyId: name, objectFiles });
    }
    await this.#must('finish_copy', { ...job, copyId: 'loaded', action: CopyAction.COMMIT });
    const dropped = { type: StageType.INTERNAL, mysqlUserId: '2', reason: 'test' };
    await this.#must('drop_stage', { cloudUniqueId, ...dropped });
    return ['failed.csv', 'other.csv'].map((file) => `${prefix}/jack/1/${file}`);
  }

  async drop(instance_id: string): Promise<void> {
    await this.#service.admin('drop_instance', { instance_id });
  }

  /** Has an instance recycled until nothing more is found; `gone` says that nothing is left of itself then. */
  async recycle(instance_id: string, { gone = false } = {}): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const job = await this.round(instance_id);
      if (job === undefined && gone) return;
      if (job?.round?.state !== 'succeeded') throw new Error(`a round went wrong: ${JSON.stringify(job)}`);
      if (!gone && job.round.sweeps.every(({ found }) => found === 0)) return;
    }
    throw new Error(`still something to recycle: ${JSON.stringify(await this.#job(instance_id))}`);
  }

  /** The full keys of the objects that an instance has to have. */
  objectsOf(instance_id: string): string[] {
    return this.#storyOf(instance_id)
      .objects()
      .map((key) => `${prefixOf(instance_id)}/${key}`);
  }

  /** The keys that it has to have. */
  liveKeys(instance_id: string): string[] {
    return liveKeys(this.#storyOf(instance_id), !this.#place.has_stages);
  }

  /** The keys of all instances, with the service stopped meanwhile. */
  keys(): Promise<Map<string, string[]>> {
    return this.between(storedKeys);
  }

  /**
   * Stops the service, has `work` look at its store, and starts it again, with further flags where they are told. Throws
   * when it has logged an error.
   */
  async between<T>(work: (data_dir: string) => Promise<T>, args: readonly string[] = []): Promise<T> {
    await this.#service.stop();
    const errors = this.#service.errors();
    if (errors.length > 0) throw new Error(errors.join('\n'));
    const result = await work(this.#service.data_dir);
    this.#service = new ServiceProcess(this.#dir, [...ON_DEMAND, ...args]);
    await this.#service.base();
    return result;
  }

  /** `http://127.0.0.1:PORT`, where the service serves now. */
  base(): Promise<string> {
    return this.#service.base();
  }

  /** Runs one round over an instance, and resolves to what is said of it then; undefined when the instance is gone. */
  async round(instance_id: string): Promise<JobShown | undefined> {
    const base = await this.#service.base();
    const before = (await this.#job(instance_id))?.round?.began_ms;
    await recycleInstances(base, instance_id);
    const end_ms = performance.now() + MOST_MS;
    for (;;) {
      await sleep(PAUSE_MS);
      const job = await this.#job(instance_id);
      const round = job?.round;
      if (job === undefined || (round && round.began_ms !== before && round.state !== 'running')) return job;
      if (performance.now() > end_ms) throw new Error(`no end of a round: ${JSON.stringify(job)}`);
    }
  }

  /** All that the service has written to its log. */
  output(): string {
    return this.#service.output();
  }

  admin(operation: string, body: object): Promise<void> {
    return this.#service.admin(operation, body);
  }

  /** What is said of an instance; undefined when there is none. */
  async #job(instance_id: string): Promise<JobShown | undefined> {
    const { status, text } = await callRecycler(await this.#service.base(), 'recycle_job_info', { instance_id });
    if (status !== 200 && !text.includes('KeyNotFound')) throw new Error(`recycle_job_info was answered with ${text}`);
    return status === 200 ? JSON.parse(text) : undefined;
  }

  async #must(name: Parameters<ServiceProcess['insist']>[0], request: object): Promise<void> {
    const { answer } = await this.#service.insist(name, request);
    if (codeName(answer) !== 'OK') throw new Error(`${name}: ${codeName(answer)} ${answer.status.msg}`);
  }

  #storyOf(instance_id: string): Story {
    const story = this.#stories.get(instance_id);
    if (!story) throw new Error(`there is no story of ${instance_id}`);
    return story;
  }
}

/** The prefix of the vault of an instance. */
function prefixOf(instance_id: string): string {
  return `data-of-${instance_id}`;
}
