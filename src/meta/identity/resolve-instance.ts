import type { Call } from '../call.ts';
import { findInstance } from '../instance/instance-record.ts';
import { instanceNamedBy } from './cloud-unique-id.ts';

/**
 * The instance that a caller belongs to: the one where its id is registered, or else, for an id of the form
 * `1:<instance_id>:<node>`, the one that it names, if there is one; that it goes meanwhile is a conflict, since what is stored
 * of it then would be found by nobody. Undefined for everyone else.
 */
export async function resolveInstance(
  call: Pick<Call, 'nodes' | 'txn'>,
  cloudUniqueId: string,
): Promise<string | undefined> {
  // Where one id is registered in several instances, the last one counts, as it does for Doris.
  const registered = (await call.nodes.find(call.txn, cloudUniqueId)).at(-1);
  if (registered) return registered.instance_id;
  const named = instanceNamedBy(cloudUniqueId);
  if (named !== undefined && (await findInstance(call.txn, named))) return named;
  return (await call.nodes.findUnheard(call.txn, cloudUniqueId)).at(-1)?.instance_id;
}
