import { keys } from '../../keys/key-table.ts';
import type { ReadOptions, Transaction } from '../../kv/store.ts';
import { recordsExist } from '../../records/message-record.ts';
import type { ObjectFilePB } from '../../schema/gen/cloud/copy_pb.ts';

/** Where a table's copy jobs claim files: each file once for the same table, whichever job it is. */
export interface StageOfTable {
  readonly instance_id: string;
  readonly stage_id: string;
  readonly table_id: bigint;
}

/** What a file is told by: another etag at the same path is another file. */
export function fileFields(place: StageOfTable, { relativePath, etag }: ObjectFilePB) {
  return { ...place, object_key: relativePath, object_etag: etag };
}

/** How many claims are read at a time, since a request may list far more files than its limits let it take. */
const READ_AT_A_TIME = 256;

/** Those of the files, in their order, that no copy job has claimed for the table. A file listed twice comes twice. */
export async function* unclaimedFiles(
  txn: Transaction,
  place: StageOfTable,
  files: readonly ObjectFilePB[],
  options?: ReadOptions,
): AsyncGenerator<ObjectFilePB> {
  for (let begin = 0; begin < files.length; begin += READ_AT_A_TIME) {
    const some = files.slice(begin, begin + READ_AT_A_TIME);
    const claims = some.map((file) => fileFields(place, file));
    const claimed = await recordsExist(txn, keys.copyFile, claims, options);
    for (const [i, file] of some.entries()) if (!claimed[i]) yield file;
  }
}
