/** Names of doris_cloud.conf that are accepted, so that a file in use needs no change, and that have no effect here. */
interface Group {
  readonly why: string;
  readonly names: readonly string[];
}

export const REFERENCE_NAMES: readonly Group[] = [
  {
    why: 'transactions of the store are tried again in its own way',
    names: [
      'enable_txn_store_retry',
      'txn_store_retry_times',
      'txn_store_retry_base_intervals_ms',
      'enable_retry_txn_conflict',
      'delete_bitmap_enable_retry_txn_conflict',
      'use_mem_kv',
    ],
  },
  {
    why: 'Nereus listens and logs in its own way',
    names: [
      'brpc_num_threads',
      'brpc_socket_max_unwritten_bytes',
      'warn_log_filenum_quota',
      'log_immediate_flush',
      'log_verbose_modules',
      'log_verbose_level',
      'enable_file_logger',
      'aws_log_level',
      'azure_log_level',
      'use_detailed_metrics',
      'bvar_qps_update_second',
      'periodically_log_ms',
      'secondary_package_name',
      'custom_conf_path',
    ],
  },
  {
    why: 'what it governs is not part of this version',
    names: [
      'enable_loopback_address_for_ms',
      'enable_delete_bitmap_inverted_check',
      'enable_delete_bitmap_storage_optimize_check',
      'delete_bitmap_storage_optimize_check_version_gap',
      'enable_mow_compaction_key_check',
      'compaction_key_check_expiration_diff_seconds',
      'reserved_buffer_days',
      'expired_txn_scan_key_nums',
      'max_tablet_version_num',
      'enable_check_instance_id',
      'enable_cloud_txn_lazy_commit_fuzzy_test',
      'txn_lazy_commit_num_threads',
      'max_tablet_index_num_per_batch',
      'max_txn_commit_byte',
      'max_get_delete_bitmap_byte',
      'use_delete_bitmap_lock_version',
      'use_delete_bitmap_lock_random_version',
      'write_schema_kv',
      'split_tablet_stats',
      'snapshot_get_tablet_stats',
      'meta_schema_value_version',
      'force_azure_blob_global_endpoint',
      'ca_cert_file_paths',
      'kerberos_ccache_path',
      'kerberos_krb5_conf_path',
      'enable_kms',
      'kms_info_encryption_key',
      'kms_info_encryption_method',
      'kms_ak',
      'kms_sk',
      'kms_endpoint',
      'kms_region',
      'kms_provider',
      'kms_cmk',
      'focus_add_kms_data_key',
    ],
  },
  {
    why: 'it only serves the tests of the C++ service',
    names: [
      'enable_idempotent_request_injection',
      'idempotent_request_replay_delay_base_ms',
      'idempotent_request_replay_delay_range_ms',
      'idempotent_request_replay_exclusion',
      'test_s3_ak',
      'test_s3_sk',
      'test_s3_endpoint',
      'test_s3_region',
      'test_s3_bucket',
      'test_s3_prefix',
      'test_hdfs_prefix',
      'test_hdfs_fs_name',
    ],
  },
];

/** Values that can't be passed over, since starting without them would treat data in another way than the file asks for. */
const REFUSED_VALUES: ReadonlyMap<string, { readonly refused: RegExp; readonly why: string }> = new Map([
  ['enable_kms', { refused: /^true$/, why: 'must be false: keys that are kept in a KMS are not supported' }],
  [
    'use_mem_kv',
    { refused: /^true$/, why: 'must be false: there is no store that forgets, data always goes to data_dir' },
  ],
]);

const WHY_BY_NAME: ReadonlyMap<string, string> = new Map(
  REFERENCE_NAMES.flatMap(({ why, names }) => names.map((name) => [name, why] as const)),
);

/** Why a name of doris_cloud.conf has no effect here, or undefined when it is no such name. */
export function whyWithoutEffect(name: string): string | undefined {
  return WHY_BY_NAME.get(name);
}

/** What is wrong with the value of a name without effect, or undefined when it can be passed over. */
export function refusedReferenceValue(name: string, value: string): string | undefined {
  const refused = REFUSED_VALUES.get(name);
  return refused?.refused.test(value) ? refused.why : undefined;
}
