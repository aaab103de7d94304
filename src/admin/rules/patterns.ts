import type { Call } from '../../meta/call.ts';
import { findInstance } from '../../meta/instance/instance-record.ts';
import { invalid, type MetaError } from '../../meta/meta-error.ts';

/** The patterns of the document's section 2 and of its parameter tables. */
const INSTANCE_ID = /^[0-9a-zA-Z_-]+$/;
const NAME = /^[a-zA-Z][0-9a-zA-Z_]+$/;
/** An id of a node that names an instance. */
const NAMING_ID = /^1:([0-9a-zA-Z_-]+):[0-9a-zA-Z_-]+$/;

/** An instance id that is given must match. One that is missing is left to the call itself. */
export function checkInstanceId(id: string): void {
  if (id !== '' && !INSTANCE_ID.test(id)) throw mismatch('instance_id', INSTANCE_ID);
}

/** A name that is given must match: of an instance, a user or a cluster. */
export function checkName(field: string, name: string): void {
  if (name !== '' && !NAME.test(name)) throw mismatch(field, NAME);
}

export function requireText(field: string, value: string): void {
  if (value === '') throw invalid(`${field} must be given and not be empty`);
}

/**
 * The id of a node that is to be registered: a plain one, or `1:<instance_id>:<string>` with an instance that exists.
 * `known` holds the instances that were found already.
 */
export async function checkUniqueId(call: Call, id: string, known: Set<string>): Promise<void> {
  requireText('cloud_unique_id', id);
  if (INSTANCE_ID.test(id)) return;
  const [, instanceId] = NAMING_ID.exec(id) ?? [];
  if (instanceId === undefined) {
    throw invalid(
      `cloud_unique_id must be 1:<instance_id>:<string> or a plain <string>, each matching ${INSTANCE_ID.source}`,
    );
  }
  if (known.has(instanceId)) return;
  if (!(await findInstance(call.txn, instanceId))) {
    throw invalid(`cloud_unique_id names an instance that does not exist, instance_id=${instanceId}`);
  }
  known.add(instanceId);
}

function mismatch(field: string, pattern: RegExp): MetaError {
  return invalid(`${field} does not match ${pattern.source}`);
}
