import { trimPrefix } from '../meta/vault/trim-prefix.ts';
import type { AzureLocation, HdfsLocation, ObjectLocation, S3Credentials } from '../objects/location.ts';
import { ObjectStoreError } from '../objects/object-store-error.ts';
import {
  CredProviderTypePB as CredentialsFrom,
  type ObjectStoreInfoPB,
  ObjectStoreInfoPB_Provider as Provider,
} from '../schema/gen/cloud/object_store_pb.ts';
import type { HdfsVaultInfo } from '../schema/gen/cloud/vault_pb.ts';
import { maskUrlUser } from '../schema/mask-secrets.ts';
import { isSet } from '../schema/presence.ts';

/** An access key pair in the clear. */
export interface KeyPair {
  readonly ak: string;
  readonly sk: string;
}

/** Everything that is reached as S3 is. Google's storage is, too, except for deleting many objects at once. */
const S3_FAMILY: ReadonlySet<Provider> = new Set([
  Provider.OSS,
  Provider.S3,
  Provider.COS,
  Provider.OBS,
  Provider.BOS,
  Provider.GCP,
  Provider.TOS,
]);

/** Where an object store is. Throws an ObjectStoreError for a provider that nobody knows, or without credentials. */
export function locationOf(info: ObjectStoreInfoPB, { ak, sk }: KeyPair, prefix: string): ObjectLocation {
  if (info.provider === Provider.AZURE) {
    return { kind: 'azure', endpoint: info.endpoint, account: ak, account_key: sk, container: info.bucket, prefix };
  }
  if (!isSet(info, 'provider') || !S3_FAMILY.has(info.provider)) {
    throw new ObjectStoreError('misconfigured', `provider ${info.provider} is none that is known`);
  }
  return {
    kind: 's3',
    endpoint: info.endpoint,
    region: info.region,
    bucket: info.bucket,
    prefix,
    path_style: info.usePathStyle,
    batch_delete: info.provider !== Provider.GCP,
    credentials: credentialsOf(info, { ak, sk }),
  };
}

/** A store without keys says where to take others from. One that says nothing gets none: those of the machine are not its own. */
function credentialsOf(info: ObjectStoreInfoPB, { ak, sk }: KeyPair): S3Credentials {
  if (info.roleArn !== '') return { kind: 'role', role_arn: info.roleArn, external_id: info.externalId };
  if (ak !== '' && sk !== '') return { kind: 'keys', ak, sk };
  if (isSet(info, 'credProviderType') && info.credProviderType !== CredentialsFrom.SIMPLE) return { kind: 'ambient' };
  throw new ObjectStoreError('misconfigured', 'it has no keys');
}

/** The folder of a vault on HDFS. */
export function hdfsLocationOf(info: HdfsVaultInfo): HdfsLocation {
  const conf = info.buildConf;
  const confs = Object.fromEntries((conf?.hdfsConfs ?? []).map(({ key, value }) => [key, value]));
  return {
    kind: 'hdfs',
    fs_name: conf?.fsName ?? '',
    user: conf?.user ?? '',
    prefix: trimPrefix(info.prefix),
    confs,
    kerberos: (conf?.hdfsKerberosPrincipal ?? '') !== '' || (conf?.hdfsKerberosKeytab ?? '') !== '',
  };
}

/** How a place is told from others: `s3://bucket/prefix`. */
export function uriOf(location: ObjectLocation): string {
  switch (location.kind) {
    case 's3':
      return `s3://${location.bucket}/${location.prefix}`;
    case 'azure':
      return azureUri(location);
    case 'hdfs':
      return `${maskUrlUser(location.fs_name)}/${location.prefix}`;
  }
}

function azureUri({ container, prefix }: AzureLocation): string {
  return `azure://${container}/${prefix}`;
}
