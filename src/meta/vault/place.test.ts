import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ObjectStoreInfoPB_Provider as Provider } from '../../schema/gen/cloud/object_store_pb.ts';
import { StorageVaultPBSchema } from '../../schema/gen/cloud/vault_pb.ts';
import { overlap, type Place, placeOfVault } from './place.ts';

type Vault = MessageInitShape<typeof StorageVaultPBSchema>;

function placeOf(vault: Vault): Place {
  const place = placeOfVault(create(StorageVaultPBSchema, vault));
  if (!place) throw new Error('it has no place');
  return place;
}

const s3 = (prefix: string, more = {}): Vault => ({ objInfo: { provider: Provider.S3, bucket: 'b', prefix, ...more } });
const hdfs = (prefix: string, fsName = 'hdfs://nn:8020'): Vault => ({ hdfsInfo: { prefix, buildConf: { fsName } } });

test.each<[string, Vault, Vault]>([
  ['one prefix', s3('p'), s3('/p/')],
  ['a prefix in another', s3('p/q'), s3('p')],
  ['a whole bucket', s3(''), s3('p')],
  ['two endpoints and providers', s3('p', { endpoint: 'e' }), s3('p', { endpoint: 'f', provider: Provider.OSS })],
  ['two names of a file system', hdfs('p'), hdfs('p', 'hdfs://NN/')],
  ['a name node and a name service', hdfs('p', 'hdfs://service'), hdfs('p/q')],
  ['folders that are written in two ways', hdfs('p//q'), hdfs('p/q')],
  ['steps that lead back', hdfs('x/../p'), hdfs('p')],
  ['steps that lead out', hdfs('..'), hdfs('p')],
  ['steps that mean nothing to S3', s3('p/../q'), s3('p')],
])('objects may lie in both: %s', (_, one, other) => {
  expect([overlap(placeOf(one), placeOf(other)), overlap(placeOf(other), placeOf(one))]).toEqual([true, true]);
});

test.each<[string, Vault, Vault]>([
  ['one name that begins as another', s3('p'), s3('pp')],
  ['two buckets', s3('p'), s3('p', { bucket: 'c' })],
  ['two kinds of storage', s3('p'), s3('p', { provider: Provider.AZURE })],
  ['a bucket and a file system', s3('p'), hdfs('p')],
  ['two folders', hdfs('x/../p'), hdfs('q')],
])('they have nothing in common: %s', (_, one, other) => {
  expect([overlap(placeOf(one), placeOf(other)), overlap(placeOf(other), placeOf(one))]).toEqual([false, false]);
});
