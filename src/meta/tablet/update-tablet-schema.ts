import type { UpdateTabletSchemaRequest } from '../../schema/gen/cloud/tablet_pb.ts';
import type { Call } from '../call.ts';
import { fieldsOfSchema, saveSchema } from '../schema/stored-schema.ts';
import { saveTablet, tabletToChange } from './tablet-record.ts';

/** Gives a tablet a schema: by its version, under which the schema is stored unless there is one. */
export async function updateTabletSchema(
  { txn }: Call,
  { tabletId, tabletSchema: schema }: UpdateTabletSchemaRequest,
  instanceId: string,
): Promise<Record<string, never>> {
  const stored = await tabletToChange(txn, instanceId, tabletId);
  if (schema) {
    const { tablet } = stored;
    tablet.schemaVersion = schema.schemaVersion;
    await saveSchema(txn, fieldsOfSchema(instanceId, tablet.indexId, schema), schema);
  }
  saveTablet(txn, stored);
  return {};
}
