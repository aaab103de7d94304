import type { ShownCluster, ShownNode } from '../service/instance.ts';
import type { Column } from '../show/table.ts';

/** A cluster a line. */
export const clusterColumns: readonly Column<ShownCluster>[] = [
  { title: 'CLUSTER', of: ({ cluster_name }) => cluster_name },
  { title: 'ID', of: ({ cluster_id }) => cluster_id },
  { title: 'TYPE', of: ({ type }) => type },
  { title: 'STATUS', of: ({ cluster_status }) => cluster_status },
  { title: 'NODES', of: ({ nodes = [] }) => nodes.length, right: true },
  { title: 'USERS', of: ({ mysql_user_name = [] }) => mysql_user_name.join(','), may_be_cut: true },
];

/** A node a line. */
export const nodeColumns: readonly Column<ShownNode>[] = [
  { title: 'NODE', of: ({ cloud_unique_id }) => cloud_unique_id },
  { title: 'HOST', of: ({ host, ip }) => host || ip },
  { title: 'PORT', of: ({ heartbeat_port, edit_log_port }) => edit_log_port ?? heartbeat_port, right: true },
  { title: 'ROLE', of: ({ node_type }) => node_type ?? 'BE' },
  { title: 'STATUS', of: ({ status }) => status?.replace('NODE_STATUS_', '') },
];
