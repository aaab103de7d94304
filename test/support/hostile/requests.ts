import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { MetaService } from '../../../src/schema/gen/cloud/meta_service_pb.ts';
import { oddText } from '../fuzz/odd-values.ts';
import type { Random } from '../random.ts';

const { get_version, begin_txn, get_tablet, get_rowset, commit_txn, get_cluster } = MetaService.method;

function encoded<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, init)));
}

/** Methods that are called with whatever there is. */
export const METHODS = ['get_version', 'begin_txn', 'get_tablet', 'get_rowset', 'commit_txn', 'get_cluster'];

/** Encoded requests, none of which finds what it asks for. */
const REQUESTS: readonly Buffer[] = [
  encoded(get_version.input, { cloudUniqueId: '1:nobody:x', dbId: 1n, tableId: 2n, partitionId: 3n }),
  encoded(begin_txn.input, { cloudUniqueId: '1:nobody:x', txnInfo: { dbId: 1n, tableIds: [2n], label: 'l' } }),
  encoded(get_tablet.input, { cloudUniqueId: '1:nobody:x', tabletId: 5n }),
  encoded(get_rowset.input, { cloudUniqueId: '1:nobody:x', idx: { tabletId: 5n }, startVersion: 0n, endVersion: 9n }),
  encoded(commit_txn.input, { cloudUniqueId: '1:nobody:x', dbId: 1n, txnId: 99n }),
  encoded(get_cluster.input, { cloudUniqueId: '1:nobody:x', clusterName: 'c' }),
  Buffer.alloc(0),
];

export function requestOf(random: Random): Buffer {
  return random.pick(REQUESTS);
}

/** A name that is none. */
export function odd(random: Random): string {
  return random.chance(0.1) ? 'n'.repeat(random.pick([300, 10_000])) : oddText(random);
}
