import { commitIndex } from '../../meta/index/commit-index.ts';
import { dropIndex } from '../../meta/index/drop-index.ts';
import { prepareIndex } from '../../meta/index/prepare-index.ts';
import { commitPartition } from '../../meta/partition/commit-partition.ts';
import { dropPartition } from '../../meta/partition/drop-partition.ts';
import { preparePartition } from '../../meta/partition/prepare-partition.ts';
import { checkKv } from '../../meta/recycle-key/check-kv.ts';
import * as check from '../../schema/gen/cloud/check_kv_pb.ts';
import * as index from '../../schema/gen/cloud/index_pb.ts';
import * as partition from '../../schema/gen/cloud/partition_pb.ts';
import { method } from '../method.ts';

const caller = { unknown: 'empty instance_id' };
const ofIndexes = { request: index.IndexRequestSchema, response: index.IndexResponseSchema, caller };
const ofPartitions = { request: partition.PartitionRequestSchema, response: partition.PartitionResponseSchema, caller };

/** What frontends call when they create and drop indexes and partitions. */
export const indexPartitionMethods = {
  prepare_index: method({ name: 'prepare_index', ...ofIndexes, run: prepareIndex }),
  commit_index: method({ name: 'commit_index', ...ofIndexes, run: commitIndex }),
  drop_index: method({ name: 'drop_index', ...ofIndexes, run: dropIndex }),
  prepare_partition: method({ name: 'prepare_partition', ...ofPartitions, run: preparePartition }),
  commit_partition: method({ name: 'commit_partition', ...ofPartitions, run: commitPartition }),
  drop_partition: method({ name: 'drop_partition', ...ofPartitions, run: dropPartition }),
  check_kv: method({
    name: 'check_kv',
    request: check.CheckKVRequestSchema,
    response: check.CheckKVResponseSchema,
    caller,
    run: checkKv,
  }),
} as const;
