import { AdminError, type AdminOptions, type AdminReply } from '../../client/client.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';
import type { Context } from '../program/command.ts';
import { listIn, objectIn } from './answered.ts';

type Query = NonNullable<AdminOptions['query']>;
type Result = NonNullable<AdminReply['result']>;

/**
 * Asks for an operation that only Nereus has. Doris's own service answers OK, and nothing, to names that it does not know,
 * and its recycler 404. Rejects with a CommandError then.
 */
export async function ownOperation(
  { client }: Context,
  operation: string,
  query: Query,
  service: 'MetaService' | 'RecyclerService' = 'MetaService',
): Promise<Result> {
  try {
    const { result } = await client.admin(operation, undefined, { service, query });
    if (result !== undefined) return objectIn(result, operation);
  } catch (error) {
    const isUnknown = error instanceof AdminError && error.http_status === 404;
    if (!isUnknown) throw error;
  }
  throw new CommandError(
    ExitCode.Unsupported,
    `the service has no operation ${operation}: Nereus has it from this version on, Doris's own service does not`,
  );
}

export interface Listed {
  readonly entries: readonly Result[];
  /** Where the rest begins, when there may be one. */
  readonly next_after: string | undefined;
}

/** The most that a call answers, which is bounded by the service. */
const MOST_A_CALL = 1000;

/** The first entries of a list, `limit` at most, in as many calls as it takes. */
export async function listAll(
  context: Context,
  operation: string,
  { name, limit, after, query }: { name: string; limit: number; after: string | undefined; query: Query },
): Promise<Listed> {
  const entries: Result[] = [];
  let next_after = after;
  do {
    const asked = { ...query, limit: Math.min(limit - entries.length, MOST_A_CALL) };
    const result = await ownOperation(context, operation, {
      ...asked,
      ...(next_after !== undefined && { after: next_after }),
    });
    entries.push(...listIn(result, name, operation));
    next_after = typeof result.next_after === 'string' ? result.next_after : undefined;
  } while (next_after !== undefined && entries.length < limit);
  return { entries, next_after };
}
