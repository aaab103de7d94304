import type { Example } from './example.ts';

/** Examples for operations that the document has none for. */
export const ownExamples: Readonly<Record<string, readonly Example[]>> = {
  rename_instance: [{ summary: 'An example', body: { instance_id: '123456', name: 'another_name' } }],
  disable_instance_sse: [{ summary: 'An example', body: { instance_id: '123456' } }],
  show_storage_vaults: [{ summary: 'An example', body: { cloud_unique_id: '1:sample_instance_id:backend0' } }],
  add_s3_vault: [
    {
      summary: 'An example',
      body: {
        cloud_unique_id: '1:sample_instance_id:backend0',
        vault: {
          name: 's3_vault',
          obj_info: {
            ak: 'ak_xxxxxxxxxxx',
            sk: 'sk_xxxxxxxxxxx',
            bucket: 'sample_bucket_name',
            prefix: 'sample_prefix',
            endpoint: 'cos.ap-beijing.myqcloud.com',
            external_endpoint: 'cos.ap-beijing.myqcloud.com',
            region: 'ap-beijing',
            provider: 'COS',
          },
        },
      },
    },
  ],
  alter_s3_vault: [
    {
      summary: 'An example',
      body: {
        cloud_unique_id: '1:sample_instance_id:backend0',
        vault: { name: 's3_vault', obj_info: { ak: 'ak_yyyyyyyyyyy', sk: 'sk_yyyyyyyyyyy' } },
      },
    },
  ],
  drop_s3_vault: [
    { summary: 'An example', body: { cloud_unique_id: '1:sample_instance_id:backend0', vault: { name: 's3_vault' } } },
  ],
  add_hdfs_vault: [
    {
      summary: 'An example',
      body: {
        cloud_unique_id: '1:sample_instance_id:backend0',
        vault: {
          name: 'hdfs_vault',
          hdfs_info: { build_conf: { fs_name: 'hdfs://172.21.0.44:4007', user: 'hadoop' }, prefix: 'sample_prefix' },
        },
      },
    },
  ],
  drop_hdfs_vault: [
    {
      summary: 'An example',
      body: { cloud_unique_id: '1:sample_instance_id:backend0', vault: { name: 'hdfs_vault' } },
    },
  ],
  alter_ram_user: [
    {
      summary: 'An example',
      body: { instance_id: 'sample_instance_id', ram_user: { user_id: 'ram_user_id', ak: 'xxxx', sk: 'xxxx' } },
    },
  ],
  alter_iam: [{ summary: 'An example', body: { account_id: 'iam_user_id', ak: 'xxxx', sk: 'xxxx' } }],
  get_stage: [{ summary: 'An example', body: { cloud_unique_id: '1:sample_instance_id:backend0', type: 'EXTERNAL' } }],
  update_cluster_endpoint: [
    {
      summary: 'An example',
      body: {
        instance_id: 'sample_instance_id',
        cluster: {
          cluster_id: 'cluster_id1',
          public_endpoint: 'doris.example.com:9030',
          private_endpoint: '172.21.0.5:9030',
        },
      },
    },
  ],
  decommission_node: [
    {
      summary: 'An example',
      body: {
        instance_id: 'sample_instance_id',
        cluster: {
          cluster_id: 'cluster_id1',
          cluster_name: 'cluster_name1',
          type: 'COMPUTE',
          nodes: [{ cloud_unique_id: '1:sample_instance_id:backend0', ip: '172.21.0.5', heartbeat_port: 9050 }],
        },
      },
    },
  ],
  recycle_instance: [{ summary: 'An example', body: { instance_ids: ['sample_instance_id'] } }],
  notify_decommissioned: [
    {
      summary: 'An example',
      body: {
        instance_id: 'sample_instance_id',
        cluster: {
          cluster_id: 'cluster_id1',
          cluster_name: 'cluster_name1',
          type: 'COMPUTE',
          nodes: [{ cloud_unique_id: '1:sample_instance_id:backend0', ip: '172.21.0.5', heartbeat_port: 9050 }],
        },
      },
    },
  ],
};
