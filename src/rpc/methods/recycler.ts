import { instanceFault } from '../../meta/instance/instance-fault.ts';
import { invalid, type MetaError } from '../../meta/meta-error.ts';
import { RecycleInstanceRequestSchema, RecycleInstanceResponseSchema } from '../../schema/gen/cloud/recycler_pb.ts';
import { methodInSteps } from '../method.ts';

/** What a process answers that was told not to recycle. */
export const NOT_HERE =
  'this process does not recycle, since its role is meta-service; ask one whose role is all or recycler';

/** The methods of `doris.cloud.RecyclerService`. `recycle` has an instance recycled soon; a process without it refuses. */
export function recyclerMethods(recycle: ((instance_id: string) => void) | undefined) {
  return {
    recycle_instance: methodInSteps({
      name: 'recycle_instance',
      request: RecycleInstanceRequestSchema,
      response: RecycleInstanceResponseSchema,
      runInSteps: async ({ transact }, { instanceIds }) => {
        if (recycle === undefined) throw invalid(NOT_HERE);
        const faults = await transact(async (call) => {
          const found: (MetaError | undefined)[] = [];
          for (const id of instanceIds) found.push(await instanceFault(call.txn, id));
          return found;
        });
        // Those that are there are recycled, whatever is wrong with the others.
        for (const [i, id] of instanceIds.entries()) if (faults[i] === undefined) recycle(id);
        const last = faults.findLast((fault) => fault !== undefined);
        if (last !== undefined) throw last;
        return { status: { msg: 'OK' } };
      },
    }),
  } as const;
}
