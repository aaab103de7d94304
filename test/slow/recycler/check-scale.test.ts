import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keys } from '../../../src/keys/key-table.ts';
import { writeRecord } from '../../../src/records/message-record.ts';
import { checkInstance } from '../../../src/recycler/check/check-instance.ts';
import { RowsetMetaCloudPBSchema } from '../../../src/schema/gen/olap/rowset_meta_pb.ts';
import { TabletSchemaCloudPBSchema } from '../../../src/schema/gen/olap/tablet_schema_pb.ts';
import { type Domain, openInstance } from '../../support/fuzz/domain.ts';
import { endlessStore } from '../../support/recycler/endless-store.ts';
import { sweepContext } from '../../support/recycler/sweep-context.ts';

const SIZE = { tablets: 500, rowsets: 400, segments: 5 };
const OBJECTS = SIZE.tablets * SIZE.rowsets * SIZE.segments;
const MOST_HEAP_BYTES = 300_000_000;

let domain: Domain;
beforeEach(async () => {
  domain = await openInstance();
  for (let tablet = 1; tablet <= SIZE.tablets; tablet++) await plant(tablet);
});
afterEach(() => domain.dispose());

function idOf(tablet: number, rowset: number): string {
  return `0200${tablet.toString(16).padStart(12, '0')}${rowset.toString(16).padStart(32, '0')}`;
}

function plant(tablet: number): Promise<void> {
  return domain.store.transact(async (txn) => {
    const schema = { instance_id: 'i', index_id: 5n, schema_version: 0 };
    writeRecord(txn, keys.metaSchema, schema, create(TabletSchemaCloudPBSchema, { schemaVersion: 0 }));
    for (let rowset = 0; rowset < SIZE.rowsets; rowset++) {
      const version = BigInt(rowset + 2);
      const meta = create(RowsetMetaCloudPBSchema, {
        ...{ rowsetId: 0n, rowsetIdV2: idOf(tablet, rowset), tabletId: BigInt(tablet), indexId: 5n, schemaVersion: 0 },
        ...{ startVersion: version, endVersion: version, resourceId: '1', numSegments: BigInt(SIZE.segments) },
      });
      const key = keys.metaRowset.encode({ instance_id: 'i', tablet_id: BigInt(tablet), version });
      txn.set(key, toBinary(RowsetMetaCloudPBSchema, meta));
    }
  });
}

test.each(['objects', 'orphans'] as const)('a check of %s goes through a million in bounded memory', async (check) => {
  const context = await sweepContext(domain, { stores: { 1: endlessStore({ ...SIZE, idOf }) } });
  let most_bytes = 0;
  const watching = setInterval(() => {
    most_bytes = Math.max(most_bytes, process.memoryUsage().heapUsed);
  }, 20);
  const began_ms = performance.now();
  const report = await checkInstance(context, { checks: [check] }).finally(() => clearInterval(watching));
  const took_ms = performance.now() - began_ms;
  const heap_mb = Math.round(most_bytes / 1e6);
  process.stdout.write(`${check}: ${OBJECTS} objects in ${Math.round(took_ms)} ms, heap at most ${heap_mb} MB\n`);
  expect([report.lost.count, report.orphaned.count, report.unchecked.count]).toEqual([0, 0, 0]);
  expect(check === 'objects' ? report.rowsets_with_objects : report.objects / SIZE.segments).toBe(
    OBJECTS / SIZE.segments,
  );
  expect(most_bytes).toBeLessThan(MOST_HEAP_BYTES);
});
