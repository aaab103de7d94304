import { callerOf, type World } from './world.ts';

/** The operations that take their parameters from the query. */
export const QUERIES: Readonly<Record<string, (world: World) => readonly string[]>> = {
  get_instance: ({ s3, hdfs, legacy }) => [
    ...[s3, hdfs, legacy].map((id) => `instance_id=${id}`),
    `cloud_unique_id=${callerOf(legacy)}`,
  ],
  decode_key: ({ s3 }) => [
    `key=0110${Buffer.from('instance').toString('hex')}000110${Buffer.from(s3).toString('hex')}0001`,
    'unicode=false&key=011074786e0001106100011074786e5f696e666f000112000000000000000112000000000000000a',
  ],
  encode_key: keyQueries,
  get_value: ({ s3, ...world }) => [
    ...keyQueries({ s3, ...world }),
    'key_type=MetaServiceArnInfoKey',
    'key_type=StatsTabletKey&key=01',
    'key_type=InstanceKey&key=00',
    `key_type=TxnLabelKey&key=0110${Buffer.from('instance').toString('hex')}000110${Buffer.from(s3).toString('hex')}0001`,
  ],
  show_meta_ranges: () => ['', 'instance_id=x'],
  list_instances: ({ s3 }) => ['', 'limit=1', `after=${s3}&limit=2`, 'limit=0'],
  list_txns: ({ s3 }) => [
    `instance_id=${s3}`,
    `instance_id=${s3}&status=all&limit=2`,
    `instance_id=${s3}&db_id=1&status=visible&after=1:9`,
    `instance_id=${s3}&after=1`,
    'instance_id=nowhere',
  ],
  scan_keys: ({ s3 }) => [
    'limit=3',
    `key_type=TxnInfoKey&instance_id=${s3}`,
    `key_type=TxnInfoKey&db_id=1`,
    `prefix=01&after=0110${Buffer.from('instance').toString('hex')}`,
    'prefix=0',
    'prefix=ffff',
  ],
  txn_lazy_commit: ({ s3, txnIds }) => [...txnIds, '9', 'x'].map((id) => `instance_id=${s3}&txn_id=${id}`),
  fix_tablet_stats: ({ s3 }) => [
    `cloud_unique_id=${callerOf(s3)}&table_id=10`,
    `cloud_unique_id=${callerOf(s3)}&table_id=1e1`,
    'table_id=10',
  ],
};

function keyQueries({ s3 }: World): string[] {
  return [
    `key_type=InstanceKey&instance_id=${s3}`,
    `key_type=StorageVaultKey&instance_id=${s3}&vault_id=1`,
    `key_type=TxnInfoKey&instance_id=${s3}&db_id=1&txn_id=9`,
    `key_type=StatsTabletKey&instance_id=${s3}&table_id=1&index_id=2&part_id=3&tablet_id=4`,
    `key_type=MetaDeleteBitmap&instance_id=${s3}&tablet_id=4&rowest_id=r&version=2&seg_id=1&unicode=false`,
    `key_type=CopyFileKey&instance_id=${s3}&stage_id=s&table_id=1&obj_key=k&obj_etag=e`,
    'key_type=MetaServiceRegistryKey',
  ];
}
