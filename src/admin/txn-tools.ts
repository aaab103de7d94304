import { failed, invalid } from '../meta/meta-error.ts';
import type { HttpAnswer } from './http-types.ts';
import { jsonReply } from './reply.ts';
import type { AdminCall } from './route.ts';

/** `txn_lazy_commit`: makes a transaction visible that was committed lazily, where its server has not come to that. */
export async function lazyCommitTool({ query, runner }: AdminCall): Promise<HttpAnswer> {
  const instanceId = query.decoded('instance_id') ?? '';
  const text = query.decoded('txn_id') ?? '';
  if (instanceId === '' || text === '') throw invalid('instance_id or txn_id is empty');
  const txnId = leadingInt64(text);
  if (txnId === undefined) throw failed(`txn_id ${text} must be a number, meet error=stol`);
  await runner.read('txn_lazy_commit', ({ lazyCommits }) => lazyCommits.finish(instanceId, txnId));
  return jsonReply('OK', '');
}

/** The number that a text begins with, as C reads it; undefined when there is none, or none that is an int64. */
function leadingInt64(text: string): bigint | undefined {
  const [, sign, digits] = /^\s*([+-]?)(\d+)/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const number = sign === '-' ? -BigInt(digits) : BigInt(digits);
  return BigInt.asIntN(64, number) === number ? number : undefined;
}
