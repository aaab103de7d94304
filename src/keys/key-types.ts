import type { DescMessage } from '@bufbuild/protobuf';
import { VersionPBSchema } from '../schema/gen/cloud/version_pb.ts';
import type { Int64, Text } from './codec.ts';
import type { FieldType, KeyKind } from './key-kind.ts';
import { keys } from './key-table.ts';

/** A parameter of a key type: what it is called in a query, and which field of the key it fills. */
export interface KeyParameter {
  readonly name: string;
  readonly field: string;
  readonly type: FieldType;
}

/** How `get_value` prints what is stored. */
export type ValueReader = 'message' | 'label' | 'tablet statistics' | 'bitmap';

/** What `encode_key` and `get_value` know under one name of `key_type`. */
export interface KeyType {
  readonly name: string;
  readonly kind: KeyKind;
  readonly parameters: readonly KeyParameter[];
  readonly reader: ValueReader;
  /** The message as which the value is read. */
  readonly schema: DescMessage | undefined;
}

interface Oddities {
  /** Parameters that are called otherwise than the field that they fill. */
  readonly rename?: Readonly<Record<string, string>>;
  readonly reader?: ValueReader;
  readonly schema?: DescMessage;
}

const PART_ID = { partition_id: 'part_id' };
const TBL_ID = { table_id: 'tbl_id' };

/**
 * The names of `key_type`, exactly those of Doris. Kinds without a name here (a schema dictionary, a recycling job, the
 * counters of a tablet) can be reached by no name there either.
 */
const TYPES: readonly KeyType[] = [
  keyType('InstanceKey', keys.instance),
  keyType('TxnLabelKey', keys.txnLabel, { reader: 'label' }),
  keyType('TxnInfoKey', keys.txnInfo),
  keyType('TxnIndexKey', keys.txnIndex),
  keyType('TxnRunningKey', keys.txnRunning),
  keyType('PartitionVersionKey', keys.partitionVersion, { rename: TBL_ID }),
  // The value is a bare number, yet it is read as the message of a partition's version, and rarely is one.
  keyType('TableVersionKey', keys.tableVersion, { rename: TBL_ID, schema: VersionPBSchema }),
  keyType('MetaRowsetKey', keys.metaRowset),
  keyType('MetaRowsetTmpKey', keys.metaRowsetTmp),
  keyType('MetaTabletKey', keys.metaTablet, { rename: PART_ID }),
  keyType('MetaTabletIdxKey', keys.metaTabletIndex),
  keyType('RecycleIndexKey', keys.recycleIndex),
  keyType('RecyclePartKey', keys.recyclePartition, { rename: PART_ID }),
  keyType('RecycleRowsetKey', keys.recycleRowset),
  keyType('RecycleTxnKey', keys.recycleTxn),
  keyType('StatsTabletKey', keys.statsTablet, { rename: PART_ID, reader: 'tablet statistics' }),
  keyType('JobTabletKey', keys.jobTablet, { rename: PART_ID }),
  keyType('CopyJobKey', keys.copyJob),
  keyType('CopyFileKey', keys.copyFile, { rename: { object_key: 'obj_key', object_etag: 'obj_etag' } }),
  keyType('RecycleStageKey', keys.recycleStage),
  // Named after the recycling job, but it leads to the checking job.
  keyType('JobRecycleKey', keys.jobCheck),
  keyType('MetaSchemaKey', keys.metaSchema),
  keyType('MetaDeleteBitmap', keys.metaDeleteBitmap, {
    // A slip of the pen that callers rely on.
    rename: { rowset_id: 'rowest_id', segment_id: 'seg_id' },
    reader: 'bitmap',
  }),
  keyType('MetaDeleteBitmapUpdateLock', keys.metaDeleteBitmapUpdateLock),
  keyType('MetaPendingDeleteBitmap', keys.metaPendingDeleteBitmap),
  keyType('RLJobProgressKey', keys.jobRoutineLoadProgress),
  keyType('MetaServiceRegistryKey', keys.systemRegistry),
  keyType('MetaServiceArnInfoKey', keys.systemRamUser),
  keyType('MetaServiceEncryptionKey', keys.systemEncryptionKeys),
  keyType('StorageVaultKey', keys.storageVault),
];

/** The key types by name. */
export const keyTypes: ReadonlyMap<string, KeyType> = new Map(TYPES.map((type) => [type.name, type]));

/** The key of parameters, which `value` gives by name; or the name of the first one that is missing or empty. */
export function encodeKeyType(
  type: KeyType,
  value: (parameter: string) => string | undefined,
): { readonly key: Buffer } | { readonly missing: string } {
  const fields: Record<string, Int64 | Text> = {};
  for (const parameter of type.parameters) {
    const given = value(parameter.name);
    if (given === undefined || given === '') return { missing: parameter.name };
    fields[parameter.field] = parameter.type === 'int64' ? readNumber(given) : bytesOfQuery(given);
  }
  return { key: type.kind.encode(fields) };
}

/** A key type with the fields that its first parameters give, or what is wrong with the name or with them. */
export type Leading =
  | { readonly type: KeyType; readonly fields: Readonly<Record<string, Int64 | Text>> }
  | { readonly problem: string };

/** The first parameters of a key type, as far as they are given: none may be left out before another. */
export function readLeading(name: string, value: (parameter: string) => string): Leading {
  const type = keyTypes.get(name);
  if (type === undefined) return { problem: `key_type not supported: ${name}` };
  const fields: Record<string, Int64 | Text> = {};
  let missing: string | undefined;
  for (const parameter of type.parameters) {
    const given = value(parameter.name);
    if (given === '') missing ??= parameter.name;
    else if (missing !== undefined) return { problem: `${parameter.name} is given, and ${missing} before it is not` };
    else if (parameter.type === 'text') fields[parameter.field] = given;
    else if (isInt64(given)) fields[parameter.field] = BigInt(given);
    else return { problem: `${parameter.name} must be a number` };
  }
  return { type, fields };
}

function isInt64(text: string): boolean {
  return /^-?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

/** A part of a query as its bytes. Node gives each byte that isn't ASCII as one character below 256. */
export function bytesOfQuery(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return bytes.toString('latin1') === text ? bytes : Buffer.from(text, 'utf8');
}

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/** Reads a number as C's strtoll does: what follows the digits is ignored, no digits are 0, too large a number is the nearest int64. */
export function readNumber(text: string): bigint {
  const match = /^[ \t\n\v\f\r]*([+-]?)(\d+)/.exec(text);
  if (match === null) return 0n;
  const magnitude = BigInt(match[2] ?? '');
  const value = match[1] === '-' ? -magnitude : magnitude;
  if (value > INT64_MAX) return INT64_MAX;
  return value < INT64_MIN ? INT64_MIN : value;
}

function keyType(name: string, kind: KeyKind, oddities: Oddities = {}): KeyType {
  const { value } = kind.shape;
  return {
    name,
    kind,
    parameters: kind.fields.map(({ name: field, type }) => ({ name: oddities.rename?.[field] ?? field, field, type })),
    reader: oddities.reader ?? 'message',
    schema: oddities.schema ?? ('schema' in value ? value.schema : undefined),
  };
}
