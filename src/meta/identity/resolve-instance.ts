import { type Awaitable, whenThere } from '../../awaitable.ts';
import type { Call } from '../call.ts';
import { findInstance } from '../instance/instance-record.ts';
import { instanceNamedBy } from './cloud-unique-id.ts';

/**
 * The instance that a caller belongs to: the one where its id is registered, or else, for an id of the form
 * `1:<instance_id>:<node>`, the one that it names, if there is one; that it goes meanwhile is a conflict, since what is stored
 * of it then would be found by nobody. Undefined for everyone else.
 */
export function resolveInstance(
  call: Pick<Call, 'nodes' | 'txn'>,
  cloudUniqueId: string,
): Awaitable<string | undefined> {
  // Where one id is registered in several instances, the last one counts, as it does for Doris.
  return whenThere(
    call.nodes.find(call.txn, cloudUniqueId),
    (registered) => registered.at(-1)?.instance_id ?? resolveUnregistered(call, cloudUniqueId),
  );
}

function resolveUnregistered(
  { nodes, txn }: Pick<Call, 'nodes' | 'txn'>,
  cloudUniqueId: string,
): Awaitable<string | undefined> {
  const unheard = async () => (await nodes.findUnheard(txn, cloudUniqueId)).at(-1)?.instance_id;
  const named = instanceNamedBy(cloudUniqueId);
  if (named === undefined) return unheard();
  return whenThere(findInstance(txn, named), (instance) => (instance === undefined ? unheard() : named));
}
