import { create } from '@bufbuild/protobuf';
import { resolveInstance } from '../meta/identity/resolve-instance.ts';
import { invalid, MetaError } from '../meta/meta-error.ts';
import { fixTabletStats } from '../meta/tablet/fix-tablet-stats.ts';
import type { Answer } from '../rpc/answer.ts';
import { MetaServiceCode, MetaServiceResponseStatusSchema } from '../schema/gen/cloud/status_pb.ts';
import type { GetTabletStatsResponseSchema } from '../schema/gen/cloud/tablet_stats_pb.ts';
import { writeTextFormat } from '../schema/text/write-text-format.ts';
import type { HttpAnswer } from './http-types.ts';
import { adminCode, statusOf, textReply } from './reply.ts';
import { type AdminCall, showResponse } from './route.ts';

/** Statistics in protobuf's text format, as the document shows them; for a failure, nothing but its HTTP status. */
export function showStats(
  schema: typeof GetTabletStatsResponseSchema,
  response: Answer<typeof GetTabletStatsResponseSchema>,
  _request: unknown,
  { acceptsJson }: Pick<AdminCall, 'acceptsJson'>,
): HttpAnswer {
  if (acceptsJson) return showResponse(schema, response);
  const { code } = response.status;
  return textReply(statusOf(adminCode(code)), code === MetaServiceCode.OK ? writeTextFormat(schema, response) : '');
}

/** `fix_tablet_stats`: counts the data of the tablets of a table anew. It is answered with a status in the text format. */
export async function fixTabletStatsTool({ query, runner }: AdminCall): Promise<HttpAnswer> {
  const table = query.decoded('table_id');
  const cloudUniqueId = query.decoded('cloud_unique_id');
  try {
    const tableId = int64Of(table);
    if (tableId === undefined) throw invalid(`Invalid table_id, table_id: ${table}`);
    await runner.perform('fix_tablet_stats', async (call) => {
      const instanceId = await call.transact(async (step) => resolveInstance(step, cloudUniqueId));
      if (instanceId === undefined) throw invalid('empty instance_id');
      await fixTabletStats(call, instanceId, tableId);
    });
    return textStatus(MetaServiceCode.OK);
  } catch (error) {
    if (error instanceof MetaError) return textStatus(error.code, error.message);
    throw error;
  }
}

function textStatus(code: MetaServiceCode, msg?: string): HttpAnswer {
  const status = create(MetaServiceResponseStatusSchema, { code, ...(msg !== undefined && { msg }) });
  return textReply(statusOf(adminCode(code)), writeTextFormat(MetaServiceResponseStatusSchema, status));
}

function int64Of(text: string): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}
