/** Fields that several operations look at, in the form of `BodyShape.fields`. */

/** Who is meant: an instance, or that of a node. */
export const INSTANCE_OR_NODE = 'instance_id cloud_unique_id';

/** A new place on object storage. */
export const NEW_STORE =
  'ak! sk! bucket! prefix endpoint! external_endpoint! region! provider! sse_enabled use_path_style';

/** A new place on HDFS. */
export const NEW_HDFS =
  'hdfs_info{build_conf{fs_name! user hdfs_kerberos_keytab hdfs_kerberos_principal hdfs_confs} prefix}';

export const RAM_USER = 'user_id! ak! sk!';

/** Of a cluster that is there, by its id, its name or both. */
export const CLUSTER = 'cluster_id cluster_name';
