import { describe, expect, test } from 'vitest';
import { containerUrl } from './azure/endpoint.ts';
import { endpointUrl, needsPathStyle } from './endpoint.ts';
import { nameNodesOf } from './hdfs/name-nodes.ts';
import { ObjectStoreError } from './object-store-error.ts';

describe('an endpoint', () => {
  test.each([
    ['cos.ap-beijing.myqcloud.com', 'http', 'http://cos.ap-beijing.myqcloud.com/'],
    ['cos.ap-beijing.myqcloud.com', 'https', 'https://cos.ap-beijing.myqcloud.com/'],
    ['https://s3.us-east-1.amazonaws.com', 'http', 'https://s3.us-east-1.amazonaws.com/'],
    ['HTTP://host:9000/', 'https', 'http://host:9000/'],
    [' minio:9000 ', 'http', 'http://minio:9000/'],
    ['127.0.0.1:9000', 'http', 'http://127.0.0.1:9000/'],
    ['[::1]:9000/path', 'http', 'http://[::1]:9000/path'],
  ])('%s by %s', (endpoint, scheme, expected) => {
    expect(endpointUrl(endpoint, scheme).href).toBe(expected);
  });

  test.each(['', ' ', 'http://', 'a b', 'host:port', 'ftp://host', 'user:password@host', 'host?x=1', 'host#x'])(
    '%o is none',
    (endpoint) => {
      expect(() => endpointUrl(endpoint, 'http')).toThrow(ObjectStoreError);
    },
  );

  test.each([
    ['127.0.0.1:9000', true],
    ['[::1]:9000', true],
    ['localhost', true],
    ['minio:9000', true],
    ['s3.amazonaws.com', false],
    ['minio.example.com:9000', false],
  ])('%s needs its buckets in the path: %s', (endpoint, expected) => {
    expect(needsPathStyle(endpointUrl(endpoint, 'http'))).toBe(expected);
  });
});

describe('the address of a container', () => {
  test.each([
    ['', 'https://account.blob.core.windows.net/box'],
    ['blob.core.windows.net', 'https://account.blob.core.windows.net/box'],
    ['https://blob.core.chinacloudapi.cn/', 'https://account.blob.core.chinacloudapi.cn/box'],
    ['account.blob.core.windows.net', 'https://account.blob.core.windows.net/box'],
    ['http://account.blob.core.windows.net', 'http://account.blob.core.windows.net/box'],
    ['blobs.example.com', 'https://blobs.example.com/box'],
    ['http://127.0.0.1:10000', 'http://127.0.0.1:10000/account/box'],
    ['http://127.0.0.1:10000/account/', 'http://127.0.0.1:10000/account/box'],
    ['http://azurite:10000', 'http://azurite:10000/account/box'],
  ])('at %o', (endpoint, expected) => {
    const place = { kind: 'azure', account: 'account', account_key: 'a2V5', container: 'box', prefix: '' } as const;
    expect(containerUrl({ ...place, endpoint })).toBe(expected);
  });
});

describe('the name nodes of a file system', () => {
  const nodes = (fs_name: string, confs: Readonly<Record<string, string>> = {}) =>
    nameNodesOf({ kind: 'hdfs', fs_name, user: '', prefix: '', confs, kerberos: false }, 9870);
  const ha = { 'dfs.nameservices': 'ns', 'dfs.ha.namenodes.ns': 'a,b' };

  test('are at the host of its name, at the port of the settings', () => {
    expect(nodes('hdfs://nn.example.com:8020')).toEqual(['http://nn.example.com:9870']);
    expect(nodes('hdfs://nn/')).toEqual(['http://nn:9870']);
    expect(nodes('nn:8020')).toEqual(['http://nn:9870']);
    expect(nodes('hdfs://[::1]:8020')).toEqual(['http://[::1]:9870']);
  });

  test('are where the name itself or the configuration says', () => {
    expect(nodes('http://nn:1234')).toEqual(['http://nn:1234']);
    expect(nodes('webhdfs://nn:1234')).toEqual(['http://nn:1234']);
    expect(nodes('swebhdfs://nn:1234')).toEqual(['https://nn:1234']);
    expect(nodes('hdfs://nn:8020', { 'dfs.namenode.http-address': 'web:50070' })).toEqual(['http://web:50070']);
    expect(nodes('hdfs://nn:8020', { 'dfs.namenode.http-address': '0.0.0.0:50070' })).toEqual(['http://nn:50070']);
    const secure = { 'dfs.http.policy': 'HTTPS_ONLY', 'dfs.namenode.https-address': 'web:9871' };
    expect(nodes('hdfs://nn:8020', secure)).toEqual(['https://web:9871']);
  });

  test('are several where the name is that of a service', () => {
    const rpc = { 'dfs.namenode.rpc-address.ns.a': 'one:8020', 'dfs.namenode.rpc-address.ns.b': 'two:8020' };
    expect(nodes('hdfs://ns', { ...ha, ...rpc })).toEqual(['http://one:9870', 'http://two:9870']);
    const http = { 'dfs.namenode.http-address.ns.b': 'two:50070' };
    expect(nodes('hdfs://ns', { ...ha, ...rpc, ...http })).toEqual(['http://one:9870', 'http://two:50070']);
  });

  test.each([
    ['', {}],
    ['hdfs://', {}],
    ['viewfs://cluster', {}],
    ['hdfs://user:secret@nn', {}],
    ['hdfs://n n:8020', {}],
    ['hdfs://ns', ha],
  ])('of %o are none', (fs_name, confs) => {
    expect(() => nodes(fs_name, confs)).toThrow(ObjectStoreError);
  });
});
