import { findInstance, saveInstance } from '../../../src/meta/instance/instance-record.ts';
import type { Sweep } from '../../../src/recycler/sweep.ts';
import {
  FinishCopyRequest_Action as Action,
  type CopyJobPB_JobStatus as JobStatus,
} from '../../../src/schema/gen/cloud/copy_pb.ts';
import type { InstanceInfoPB } from '../../../src/schema/gen/cloud/instance_pb.ts';
import { ObjectStoreInfoPB_Provider as Provider } from '../../../src/schema/gen/cloud/object_store_pb.ts';
import { StagePB_StageType as StageType } from '../../../src/schema/gen/cloud/stage_pb.ts';
import { type Domain, openDomain, rpc } from '../fuzz/domain.ts';
import type { MemoryBucket } from '../objects/memory-bucket.ts';
import type { MemoryOptions } from '../objects/memory-object-store.ts';
import { memoryPlaces } from '../objects/memory-places.ts';
import { runSweep, type Swept, type TestContextOptions } from './sweep-context.ts';

const CALLER = { cloudUniqueId: '1:i:fe' };

/** Users' stages with files in them, on a domain and a bucket of their own. */
export interface StageWorld {
  readonly domain: Domain;
  readonly bucket: MemoryBucket;
  /** Moves the clock of the domain and of the bucket on. */
  pass(seconds: number): void;
  createStage(user: string, id?: string, stageId?: string): Promise<string>;
  dropStage(id: string): Promise<string>;
  /** Puts a file into the stage of user `jack` with the id 1, unless told another; its etag is answered. */
  upload(path: string, body?: string, stage?: string): string;
  /** Begins a copy of files by their paths and etags, on an internal stage unless told otherwise. */
  beginCopy(copyId: string, files: Readonly<Record<string, string>>, more?: object): Promise<string>;
  finishCopy(copyId: string, more?: object): Promise<string>;
  changeInstance(change: (instance: InstanceInfoPB) => void): Promise<void>;
  sweep(sweep: Sweep, more?: TestContextOptions): Promise<Swept>;
  now_ms(): number;
}

export async function openStageWorld(options: MemoryOptions = {}): Promise<StageWorld> {
  let now_s = 1_800_000_000;
  const now_ms = () => now_s * 1000;
  const domain = await openDomain({ now: () => now_s });
  const places = memoryPlaces({ ...options, now_ms });
  const bucket = places.bucket('b');
  const objInfo = {
    ...{ ak: 'ak', sk: 'sk', bucket: 'b', prefix: 'pre', endpoint: 'e', externalEndpoint: 'x', region: 'r' },
    provider: Provider.S3,
  };
  const status = await domain.status(rpc.create_instance, { instanceId: 'i', objInfo });
  if (status !== 'OK') throw new Error(status);
  const copy = (copyId: string) => ({ ...CALLER, stageId: 'stage 1', tableId: 7n, copyId, groupId: 0 });
  return {
    domain,
    bucket,
    now_ms,
    pass: (seconds) => {
      now_s += seconds;
    },
    createStage: (user, id = '1', stageId = `stage ${id}`) => {
      const stage = { type: StageType.INTERNAL, mysqlUserName: [user], mysqlUserId: [id], stageId };
      return domain.status(rpc.create_stage, { ...CALLER, stage });
    },
    dropStage: (mysqlUserId) =>
      domain.status(rpc.drop_stage, { ...CALLER, type: StageType.INTERNAL, mysqlUserId, reason: 'test' }),
    upload: (path, body = path, stage = 'jack/1') => {
      const key = `pre/stage/${stage}/${path}`;
      bucket.put(key, Buffer.from(body), now_ms());
      return bucket.list(key).find((object) => object.key === key)?.etag ?? '';
    },
    beginCopy: (copyId, files, more) => {
      const objectFiles = Object.entries(files).map(([relativePath, etag]) => ({ relativePath, etag, size: 1n }));
      const times = { startTimeMs: BigInt(now_ms()), timeoutTimeMs: BigInt(now_ms() + 10_000) };
      const request = { ...copy(copyId), ...times, stageType: StageType.INTERNAL, objectFiles, ...more };
      return domain.status(rpc.begin_copy, request);
    },
    finishCopy: (copyId, more) => {
      const request = { ...copy(copyId), action: Action.COMMIT, finishTimeMs: BigInt(now_ms()), ...more };
      return domain.status(rpc.finish_copy, request);
    },
    changeInstance: (change) =>
      domain.store.transact(async (txn) => {
        const instance = await findInstance(txn, 'i', { editable: true });
        if (!instance) throw new Error('no instance');
        change(instance);
        saveInstance(txn, instance);
      }),
    sweep: (sweep, more) => runSweep(sweep, domain, { places, ...more }),
  };
}

/** Whether a copy job is there, and in which state. */
export async function jobStatus(domain: Domain, copyId: string): Promise<JobStatus | undefined> {
  const request = { ...CALLER, stageId: 'stage 1', tableId: 7n, copyId, groupId: 0 };
  const { copyJob } = await domain.call(rpc.get_copy_job, request);
  return copyJob?.jobStatus;
}

/** The paths of the files of the stage that are claimed for the table. */
export async function claimedFiles(domain: Domain): Promise<string[]> {
  const { objectFiles } = await domain.call(rpc.get_copy_files, { ...CALLER, stageId: 'stage 1', tableId: 7n });
  return objectFiles.map(({ relativePath }) => relativePath);
}
