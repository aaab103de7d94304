import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { examineStore } from '../../src/doctor/examine-store.ts';
import { MOST_VALUE_BYTES, ValueParts } from '../../src/doctor/value-parts.ts';
import { chunkKey } from '../../src/keys/chunk-key.ts';
import { decodeKey } from '../../src/keys/decode-key.ts';
import { keys } from '../../src/keys/key-table.ts';
import type { KeyValue, Store } from '../../src/kv/store.ts';
import { InstanceInfoPBSchema } from '../../src/schema/gen/cloud/instance_pb.ts';
import { TabletSchemaCloudPBSchema } from '../../src/schema/gen/olap/tablet_schema_pb.ts';
import { takeoverPairs } from '../keys/recorded.ts';
import { Cluster } from '../support/kv/foundationdb/cluster.ts';
import { openOnDouble } from '../support/kv/foundationdb/fdb-store.ts';
import { type TemporaryStore, temporaryStore } from '../support/kv/temporary-store.ts';
import { newSeed, Random } from '../support/random.ts';

let temporary: TemporaryStore;
beforeEach(async () => {
  temporary = await temporaryStore({ exclusive: true, admits_readers: true });
});
afterEach(() => temporary.dispose());

async function fill(store: Store, pairs: readonly KeyValue[]): Promise<void> {
  for (let at = 0; at < pairs.length; at += 100) {
    await store.transact(async (txn) => {
      for (const { key, value } of pairs.slice(at, at + 100)) txn.set(key, value);
    });
  }
}

/** What is found when these pairs are all that is stored: `severity kind: problem`. */
async function found(...pairs: (readonly [Uint8Array, Uint8Array])[]): Promise<string[]> {
  await fill(
    temporary.store,
    pairs.map(([key, value]) => ({ key, value })),
  );
  const { findings } = await examineStore(temporary.store);
  return findings.map(({ severity, kind, what }) => `${severity} ${kind}: ${what}`);
}

const INSTANCE = keys.instance.encode({ instance_id: 'joe' });
const SCHEMA = keys.metaSchema.encode({ instance_id: 'joe', index_id: 1n, schema_version: 2n });
const SPLIT = { version: 1 };

describe('a store that Doris wrote', () => {
  test('has nothing in it that is damaged or unknown', async () => {
    const pairs = takeoverPairs();
    await fill(temporary.store, pairs);
    const told: number[] = [];
    const examined = await examineStore(temporary.store, (count) => told.push(count));
    expect(examined).toMatchObject({ pairs: pairs.length, findings: [], untold: 0, passed_over: 0 });
    expect(examined.kinds.reduce((sum, kind) => sum + kind.pairs, 0)).toBe(pairs.length);
    expect(told.at(-1)).toBe(pairs.length);
  });

  test('is read on, in a newer state, where the engine holds none for so long', async () => {
    const cluster = new Cluster();
    const opened = await openOnDouble(cluster);
    await fill(opened.store, takeoverPairs());
    let reads = 0;
    // Each state is too old at its third page, or a later one.
    cluster.faults.read = () => (++reads % 5 === 0 ? 1007 : undefined);
    expect(await examineStore(opened.store)).toMatchObject({ pairs: takeoverPairs().length, findings: [] });
    expect(reads).toBeGreaterThan(5);
    cluster.faults.read = () => undefined;
    await opened.dispose();
  });

  test('is told from a damaged one, however it is damaged, without an exception', async () => {
    const random = new Random(newSeed());
    const pairs = takeoverPairs().map(({ key, value }) => {
      const [spoilt_key, spoilt_value] = [Buffer.from(key), Buffer.from(value)];
      if (random.chance(0.3)) spoilt_key[random.int(key.length)] = random.int(256);
      if (value.length > 0 && random.chance(0.5)) spoilt_value[random.int(value.length)] = random.int(256);
      const end = random.chance(0.2) ? random.int(value.length + 1) : value.length;
      return { key: spoilt_key, value: spoilt_value.subarray(0, end) };
    });
    await fill(temporary.store, pairs);
    const { findings } = await examineStore(temporary.store);
    expect(findings.filter(({ severity }) => severity === 'damaged').length).toBeGreaterThan(10);
    expect(findings.some(({ kind }) => kind === undefined)).toBe(true);
  });
});

describe('what is found', () => {
  test('keys of no kind, at the end of the store, too', async () => {
    expect(await found([Buffer.from('\x01what'), Buffer.of()], [Buffer.alloc(100, 0xff), Buffer.of()])).toEqual([
      'unknown undefined: is of no known kind',
    ]);
  });

  test('a value that is no message', async () => {
    expect(await found([INSTANCE, Buffer.of(0x0a, 0xff)])).toEqual(['damaged instance: is no InstanceInfoPB']);
  });

  test('fields that the schema does not know, in messages of messages, once each', async () => {
    const instance = toBinary(InstanceInfoPBSchema, create(InstanceInfoPBSchema, { instanceId: 'joe' }));
    // Field 900 with the number 1, and the same in two clusters.
    const unknown = Buffer.of(0xa0, 0x38, 0x01);
    const cluster = Buffer.concat([Buffer.of(fieldTag('clusters'), unknown.length), unknown]);
    expect(await found([INSTANCE, Buffer.concat([instance, unknown, cluster, cluster])])).toEqual([
      'unknown instance: has the field 900, which InstanceInfoPB has not',
      'unknown instance: has the field clusters.900, which InstanceInfoPB has not',
    ]);
  });

  test('required fields that are missing', async () => {
    const key = keys.metaRowset.encode({ instance_id: 'joe', tablet_id: 1n, version: 2n });
    expect(await found([key, Buffer.of()])).toEqual([
      'damaged metaRowset: lacks rowset_id, which RowsetMetaCloudPB requires',
    ]);
  });

  test('counters of another size, receipts, lists of changes and stamps that are none', async () => {
    const version = keys.tableVersion.encode({ instance_id: 'joe', db_id: 1n, table_id: 2n });
    const label = keys.txnLabel.encode({ instance_id: 'joe', db_id: 1n, label: 'l' });
    expect(
      await found(
        [version, Buffer.alloc(7)],
        [keys.systemReceipt.encode({ opener: 'a', place: 1n }), Buffer.alloc(25)],
        [keys.systemNodeChanges.encode({}), Buffer.alloc(11)],
        [label, Buffer.alloc(9)],
      ),
    ).toEqual(
      expect.arrayContaining([
        'damaged tableVersion: is no counter of eight bytes',
        'damaged systemReceipt: is no receipt of 26 bytes',
        'damaged systemNodeChanges: is no list of changes',
        'damaged txnLabel: is too short for a versionstamp',
      ]),
    );
  });

  test('split values: nothing in a whole one, however many chunks it has', async () => {
    const value = Buffer.from(
      toBinary(TabletSchemaCloudPBSchema, create(TabletSchemaCloudPBSchema, { keysType: 1, schemaVersion: 3 })),
    );
    const chunks = [value.subarray(0, 1), value.subarray(1, 2), value.subarray(2)];
    expect(await found(...chunks.map((chunk, i) => [chunkKey(SCHEMA, SPLIT, i), chunk] as const))).toEqual([]);
  });

  test('split values that lack a chunk, are of another version, or whole beside their chunks', async () => {
    expect(await found([chunkKey(SCHEMA, SPLIT, 0), Buffer.of(8)], [chunkKey(SCHEMA, SPLIT, 2), Buffer.of(1)])).toEqual(
      ['damaged metaSchema: lacks a chunk before another'],
    );
    expect(await found([chunkKey(SCHEMA, { version: 7 }, 0), Buffer.of()])).toContain(
      'unknown metaSchema: is split in version 7; version 1 is known',
    );
    expect(await found([SCHEMA, Buffer.of()])).toContain('damaged metaSchema: is stored both whole and in chunks');
  });

  test('split values that are larger than memory should hold', () => {
    const parts = new ValueParts(keys.metaSchema, SCHEMA);
    const chunk = Buffer.alloc(MOST_VALUE_BYTES / 64);
    for (let number = 0; number <= 64; number++) {
      const decoded = decodeKey(chunkKey(SCHEMA, SPLIT, number));
      if ('problem' in decoded) throw new Error(decoded.problem);
      parts.add(decoded, chunk);
    }
    const what = expect.stringMatching(/^is larger than \d+ bytes, and was not looked into$/);
    expect(parts.finish()).toEqual({ value: undefined, problems: [{ severity: 'unknown', what }] });
  });

  test('is counted, with the first keys, however often it is there', async () => {
    const many = Array.from(
      { length: 50 },
      (_, i) => [keys.instance.encode({ instance_id: `i${i}` }), Buffer.of(7)] as const,
    );
    await found(...many);
    const { findings } = await examineStore(temporary.store);
    expect(findings).toMatchObject([
      { count: 50, examples: [expect.any(String), expect.any(String), expect.any(String)] },
    ]);
  });
});

describe('nereus doctor', () => {
  async function doctor(...args: string[]) {
    const said: string[] = [];
    const terminal = { out: (text: string) => void said.push(text), err: (text: string) => void said.push(text) };
    const code = await run(['doctor', '--data-dir', temporary.dir, ...args], {}, terminal);
    return { code, text: said.join('') };
  }

  test('tells what there is, beside whoever has the store open, and ends with 0 when nothing is wrong', async () => {
    await fill(temporary.store, takeoverPairs());
    const { code, text } = await doctor();
    expect(text).toMatch(
      new RegExp(`^KIND +PAIRS +BYTES\\n[^]*\\n${takeoverPairs().length} pairs of \\d+ bytes; nothing found\\n$`),
    );
    expect(code).toBe(0);
  });

  test('ends with 9 when something is wrong, and shows keys, but no values', async () => {
    await fill(temporary.store, [{ key: INSTANCE, value: Buffer.from('\x0a\xffsecret', 'latin1') }]);
    const { code, text } = await doctor();
    expect(code).toBe(9);
    expect(text).toContain(`damaged: 1 of instance: each is no InstanceInfoPB\n  ${INSTANCE.toString('hex')}\n`);
    expect(text).not.toContain('secret');
    const { findings } = JSON.parse((await doctor('--json')).text);
    expect(findings).toEqual([
      {
        kind: 'instance',
        severity: 'damaged',
        what: 'is no InstanceInfoPB',
        count: 1,
        examples: [INSTANCE.toString('hex')],
      },
    ]);
  });

  test('says so when there is no store', async () => {
    const { code, text } = await doctor('--data-dir', `${temporary.dir}/nowhere`);
    expect(code).toBe(1);
    expect(text).toMatch(/can't be opened|no store/);
  });
});

/** The byte that begins a field of an instance that holds messages. */
function fieldTag(name: string): number {
  const number = InstanceInfoPBSchema.fields.find((field) => field.name === name)?.number ?? 0;
  return (number << 3) | 2;
}
