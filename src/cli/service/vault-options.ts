import { flagOf } from '../../config/flags.ts';
import { choice } from '../../config/kind.ts';
import { readProperties } from '../../config/properties.ts';
import { isSecretName } from '../../schema/mask-secrets.ts';
import { readSmallFile } from '../ask/small-file.ts';
import { usage } from '../command-error.ts';
import { nameKind } from '../nouns/values.ts';
import type { Context, Read } from '../program/command.ts';
import { optional, several } from '../program/value.ts';
import { fileKind } from './connection.ts';

const providers = choice('S3', 'OSS', 'COS', 'OBS', 'BOS', 'GCP', 'AZURE');

/** What a vault is made of: a bucket or an HDFS. The flags of the two may not be mixed. */
export const vaultOptions = {
  bucket: optional(nameKind('BUCKET'), 'The bucket'),
  s3_endpoint: optional(nameKind('HOST'), 'Where the object storage is, without http://'),
  s3_external_endpoint: optional(nameKind('HOST'), 'Where it is for others, as --s3-endpoint by default'),
  region: optional(nameKind('REGION'), 'The region of the bucket'),
  provider: optional(providers, 'Whose object storage it is, S3 by default'),
  prefix: optional(nameKind('PATH'), 'The folder in the bucket or on the HDFS'),
  hdfs: optional(nameKind('URL'), 'The name node of an HDFS, as in hdfs://10.0.0.9:8020'),
  hdfs_user: optional(nameKind('USER'), 'Who works on the HDFS'),
  kerberos_principal: optional(nameKind('NAME'), 'The Kerberos principal'),
  kerberos_keytab: optional(nameKind('PATH'), 'Where its keytab is, on the machines that use the HDFS'),
  hdfs_conf: several(nameKind('NAME=VALUE'), 'A setting of the HDFS'),
  hdfs_conf_file: optional(fileKind, 'A file of such settings, name = value a line, for those that are secret'),
};

export const vaultSecrets = {
  ak: 'the access key of the bucket',
  sk: 'the secret key of the bucket',
} as const;

type Given = Read<typeof vaultOptions>;

const OF_BUCKET = ['bucket', 's3_endpoint', 's3_external_endpoint', 'region', 'provider'] as const;
const OF_HDFS = ['hdfs', 'hdfs_user', 'kerberos_principal', 'kerberos_keytab', 'hdfs_conf', 'hdfs_conf_file'] as const;

/** The vault that is given, in the words of the admin API; undefined when none is. Rejects with a CommandError. */
export async function givenVault(given: Given, context: Context): Promise<Record<string, object> | undefined> {
  const ofBucket = OF_BUCKET.filter((name) => given[name] !== undefined);
  const ofHdfs = OF_HDFS.filter((name) => (name === 'hdfs_conf' ? given[name].length > 0 : given[name] !== undefined));
  const [bucketFlag] = ofBucket;
  const [hdfsFlag] = ofHdfs;
  if (bucketFlag !== undefined && hdfsFlag !== undefined) {
    throw usage(`${flagOf(bucketFlag)} is of a bucket and ${flagOf(hdfsFlag)} of an HDFS: a vault is one of the two`);
  }
  if (bucketFlag !== undefined) return { obj_info: await bucketOf(given, context) };
  if (hdfsFlag !== undefined) return { hdfs_info: hdfsOf(given) };
  if (given.prefix !== undefined) throw usage('--prefix is the folder of a vault: give --bucket or --hdfs as well');
  return undefined;
}

async function bucketOf(given: Given, context: Context): Promise<object> {
  const { bucket, s3_endpoint, region, prefix, provider = 'S3', s3_external_endpoint = s3_endpoint } = given;
  for (const name of ['bucket', 's3_endpoint', 'region'] as const) {
    if (given[name] === undefined) throw usage(`${flagOf(name)} is needed for a bucket`);
  }
  const keys = { ak: await context.secret('ak'), sk: await context.secret('sk') };
  const place = { bucket, endpoint: s3_endpoint, external_endpoint: s3_external_endpoint, region, provider };
  return { ...keys, ...place, ...(prefix !== undefined && { prefix }) };
}

function hdfsOf({ hdfs, hdfs_user, prefix, kerberos_keytab, kerberos_principal, hdfs_conf, hdfs_conf_file }: Given) {
  if (hdfs === undefined) throw usage('--hdfs is needed for an HDFS');
  const fromFile = hdfs_conf_file === undefined ? [] : settingsIn(hdfs_conf_file);
  const confs = [...hdfs_conf.map(settingOf), ...fromFile];
  const build_conf = {
    fs_name: hdfs,
    ...(hdfs_user !== undefined && { user: hdfs_user }),
    ...(kerberos_principal !== undefined && { hdfs_kerberos_principal: kerberos_principal }),
    ...(kerberos_keytab !== undefined && { hdfs_kerberos_keytab: kerberos_keytab }),
    ...(confs.length > 0 && { hdfs_confs: confs }),
  };
  return { build_conf, ...(prefix !== undefined && { prefix }) };
}

function settingOf(text: string): { key: string; value: string } {
  const equals = text.indexOf('=');
  if (equals < 1) throw usage('--hdfs-conf must be NAME=VALUE');
  const key = text.slice(0, equals);
  if (!isSecretName(key)) return { key, value: text.slice(equals + 1) };
  throw usage(`--hdfs-conf ${key}: that is a secret, and arguments can be read by others: give it by --hdfs-conf-file`);
}

function settingsIn(file: string): { key: string; value: string }[] {
  const { given, problems } = readProperties(readSmallFile(file, '--hdfs-conf-file'), file, {});
  if (problems.length > 0) throw usage(problems.join('\n'));
  return given.map(({ name, text }) => ({ key: name, value: text }));
}
