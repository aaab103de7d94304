/** Where objects lie and what opens the door, with secrets in the clear: it is made where it is needed and never kept or logged. */
export type ObjectLocation = S3Location | AzureLocation | HdfsLocation;

/** A bucket of the S3 family. */
export interface S3Location {
  readonly kind: 's3';
  /** A host with or without a scheme, a port and a path; without a scheme the options say which. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** What all keys begin with, a slash behind it; empty for the whole bucket. */
  readonly prefix: string;
  /** Whether the bucket stands in the path and not in the host's name. Endpoints that can't have it there need no word. */
  readonly path_style: boolean;
  /** Google's storage answers like S3, but deletes no more than one object a request. */
  readonly batch_delete: boolean;
  readonly credentials: S3Credentials;
}

export type S3Credentials =
  | { readonly kind: 'keys'; readonly ak: string; readonly sk: string }
  /** What the machine or the environment of this process has: a profile of its instance, a web identity, variables. */
  | { readonly kind: 'ambient' }
  /** A role that is taken on with what the machine or the environment has. `external_id` is empty where none is asked for. */
  | { readonly kind: 'role'; readonly role_arn: string; readonly external_id: string };

/** A container of Azure Blob Storage. */
export interface AzureLocation {
  readonly kind: 'azure';
  /** Empty for the account's usual host. A host of all accounts (`blob.core.windows.net`) gets the account put before it. */
  readonly endpoint: string;
  readonly account: string;
  readonly account_key: string;
  readonly container: string;
  readonly prefix: string;
}

/** A folder of an HDFS, reached over WebHDFS. */
export interface HdfsLocation {
  readonly kind: 'hdfs';
  /** The file system's name: `hdfs://host:port`, the name of a service with several name nodes, or an `http(s)://` address. */
  readonly fs_name: string;
  readonly user: string;
  readonly prefix: string;
  /** What the client's configuration would say: `dfs.namenode.http-address` and the like. */
  readonly confs: Readonly<Record<string, string>>;
  /** Whether it asks for a login by Kerberos, of which this client knows nothing. */
  readonly kerberos: boolean;
}
