import type { Example } from './example.ts';

/** The examples of the document, by operation. That of section 4.2 is mended where it is no JSON and lacks a field. */
export const documentExamples: Readonly<Record<string, readonly Example[]>> = {
  create_instance: [
    {
      section: '3.2.1',
      summary: 'With a storage vault on HDFS',
      body: {
        instance_id: 'sample_instance_id',
        name: 'sample_instance_name',
        user_id: 'sample_user_id',
        vault: {
          hdfs_info: {
            build_conf: {
              fs_name: 'hdfs://172.21.0.44:4007',
              user: 'hadoop',
              hdfs_kerberos_keytab: '/etc/emr.keytab',
              hdfs_kerberos_principal: 'hadoop/172.30.0.178@EMR-XXXYYY',
              hdfs_confs: [{ key: 'hadoop.security.authentication', value: 'kerberos' }],
            },
            prefix: 'sample_prefix',
          },
        },
      },
    },
    {
      section: '3.2.2',
      summary: 'With a storage vault on object storage',
      body: {
        instance_id: 'sample_instance_id',
        name: 'sample_instance_name',
        user_id: 'sample_user_id',
        vault: {
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
    {
      section: '4.2',
      summary: 'With an object store, as before there were storage vaults',
      body: {
        instance_id: '123456',
        name: 'name',
        user_id: 'abcdef',
        obj_info: {
          ak: 'test-ak1',
          sk: 'test-sk1',
          bucket: 'test-bucket',
          prefix: 'test-prefix',
          endpoint: 'test-endpoint',
          region: 'test-region',
          external_endpoint: 'test-endpoint',
          provider: 'OBS',
          user_id: 'xxx',
        },
        ram_user: { user_id: 'ram', ak: 'a', sk: 'b' },
      },
    },
  ],
  drop_instance: [{ section: '5.2', summary: 'An instance', body: { instance_id: '123456' } }],
  get_instance: [{ section: '6.2', summary: 'An instance', query: { instance_id: 'test-instance' } }],
  set_instance_status: [
    { section: '7.2', summary: 'Overdue', body: { instance_id: 'test_instance', op: 'SET_OVERDUE' } },
  ],
  get_obj_store_info: [
    {
      section: '8.2',
      summary: 'By a node',
      body: { cloud_unique_id: '1:regression_instance0:cloud_unique_id_compute_node1' },
    },
  ],
  update_ak_sk: [
    {
      section: '9.2',
      summary: 'Two users of buckets, and the RAM user',
      body: {
        instance_id: 'test',
        internal_bucket_user: [
          { user_id: 'bucket_user_id_1', ak: 'xxxx', sk: 'xxxx' },
          { user_id: 'bucket_user_id_2', ak: 'xxxx', sk: 'xxxx' },
        ],
        ram_user: { user_id: 'ram_user_id', ak: 'xxxx', sk: 'xxxx' },
      },
    },
  ],
  legacy_update_ak_sk: [
    {
      section: '10.2',
      summary: 'One object store',
      body: {
        cloud_unique_id: '1:regression_instance0:cloud_unique_id_compute_node1',
        obj: { id: '1', ak: 'test-ak', sk: 'test-sk' },
      },
    },
  ],
  add_obj_info: [
    {
      section: '11.2',
      summary: 'Without provider and external_endpoint',
      documentOnly: true,
      body: {
        cloud_unique_id: '1:regression_instance0:cloud_unique_id_compute_node1',
        obj: {
          ak: 'test-ak91',
          sk: 'test-sk1',
          bucket: 'test-bucket',
          prefix: 'test-prefix',
          endpoint: 'test-endpoint',
          region: 'test-region',
        },
      },
    },
  ],
  add_cluster: [
    {
      section: '12.2',
      summary: 'A compute cluster with a backend',
      body: {
        instance_id: '123456',
        cluster: {
          cluster_name: 'cluster_name1',
          cluster_id: 'cluster_id1',
          type: 'COMPUTE',
          nodes: [
            {
              cloud_unique_id: '1:regression_instance0:cloud_unique_id_compute_node1',
              ip: '172.21.0.5',
              heartbeat_port: 9050,
            },
          ],
        },
      },
    },
  ],
  get_cluster: [
    {
      section: '13.2',
      summary: 'The cluster of the frontends',
      body: {
        instance_id: 'regression_instance0',
        cloud_unique_id: '1:regression_instance0:regression-cloud-unique-id-fe-1',
        cluster_name: 'RESERVED_CLUSTER_NAME_FOR_SQL_SERVER',
        cluster_id: 'RESERVED_CLUSTER_ID_FOR_SQL_SERVER',
      },
    },
  ],
  drop_cluster: [
    {
      section: '14.2',
      summary: 'By id and name',
      body: {
        instance_id: 'regression_instance0',
        cluster: { cluster_name: 'cluster_name1', cluster_id: 'cluster_id1' },
      },
    },
  ],
  rename_cluster: [
    {
      section: '15.2',
      summary: 'Another name',
      body: {
        instance_id: 'regression_instance0',
        cluster: { cluster_name: 'cluster_name2', cluster_id: 'cluster_id1' },
      },
    },
  ],
  add_node: [
    {
      section: '16.2',
      summary: 'Two backends',
      body: {
        instance_id: 'instance_id_deadbeef_1',
        cluster: {
          cluster_name: 'cluster_name1',
          cluster_id: 'cluster_id1',
          type: 'COMPUTE',
          nodes: [
            {
              cloud_unique_id: '1:regression_instance0:cloud_unique_id_compute_node2',
              ip: '172.21.0.50',
              heartbeat_port: 9051,
            },
            {
              cloud_unique_id: '1:regression_instance0:cloud_unique_id_compute_node3',
              ip: '172.21.0.52',
              heartbeat_port: 9052,
            },
          ],
        },
      },
    },
  ],
  drop_node: [
    {
      section: '17.2',
      summary: 'Two backends',
      body: {
        instance_id: 'instance_id_deadbeef_1',
        cluster: {
          cluster_name: 'cluster_name1',
          cluster_id: 'cluster_id1',
          type: 'COMPUTE',
          nodes: [
            {
              cloud_unique_id: '1:instance_id_deadbeef_1:cloud_unique_id_compute_node2',
              ip: '172.21.0.50',
              heartbeat_port: 9051,
            },
            {
              cloud_unique_id: '1:instance_id_deadbeef_1:cloud_unique_id_compute_node3',
              ip: '172.21.0.52',
              heartbeat_port: 9052,
            },
          ],
        },
      },
    },
  ],
  update_cluster_mysql_user_name: [
    {
      section: '18.2',
      summary: 'Two users',
      body: {
        instance_id: 'instance_id_deadbeef',
        cluster: { cluster_name: 'cluster_name2', cluster_id: 'cluster_id1', mysql_user_name: ['jack', 'root'] },
      },
    },
  ],
  enable_instance_sse: [{ section: '20.2', summary: 'An instance', body: { instance_id: '123456' } }],
  get_cluster_status: [
    {
      section: '21.2',
      summary: 'Running clusters of two instances',
      body: { instance_ids: ['regression_instance-dx-1219', 'regression_instance-dx-0128'], status: 'NORMAL' },
    },
  ],
  set_cluster_status: [
    {
      section: '22.2',
      summary: 'Suspend a cluster',
      documentOnly: true,
      body: {
        cloud_unique_id: '1:regression_instance0:regression-cloud-unique-id-fe-0128',
        cluster: { cluster_id: 'test_cluster_1_id1', cluster_status: 'STOPPED' },
      },
    },
  ],
  decode_key: [
    {
      section: '23.2',
      summary: 'The key of an instance',
      query: { key: '0110696e7374616e636500011072656772657373696f6e5f696e7374616e6365300001' },
    },
  ],
  get_tablet_stats: [
    {
      section: '24.2',
      summary: 'One tablet',
      body: {
        cloud_unique_id: '1:regression_instance0:regression-cloud-unique-id0',
        tablet_idx: [{ table_id: 113973, index_id: 113974, partition_id: 113966, tablet_id: 114739 }],
      },
    },
  ],
  abort_txn: [
    {
      section: '25.2',
      summary: 'By its id',
      body: { cloud_unique_id: '1:regression_instance0:regression-cloud-unique-id0', txn_id: 869414052004864 },
    },
  ],
  abort_tablet_job: [
    {
      section: '26.2',
      summary: 'One compaction',
      documentOnly: true,
      body: {
        cloud_unique_id: '1:regression_instance0:regression-cloud-unique-id0',
        job: { idx: { tablet_id: 113973 }, compaction: [{ id: 113974 }] },
      },
    },
  ],
};
