import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain } from '../../test/support/fuzz/domain.ts';
import { saveInstance } from '../meta/instance/instance-record.ts';
import { MetaError } from '../meta/meta-error.ts';
import { GetClusterRequestSchema, GetClusterResponseSchema } from '../schema/gen/cloud/cluster_pb.ts';
import { InstanceInfoPBSchema } from '../schema/gen/cloud/instance_pb.ts';
import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';
import { method } from './method.ts';
import { methods } from './methods.ts';

let domain: Domain;
beforeEach(async () => {
  domain = await openDomain();
  await domain.call(methods.create_instance, {
    instanceId: 'i',
    vault: { hdfsInfo: { buildConf: { fsName: 'hdfs://h' } } },
  });
});
afterEach(() => domain.dispose());

function methodThat(run: (typeof methods.get_cluster)['run']) {
  return method({ name: 'test', request: GetClusterRequestSchema, response: GetClusterResponseSchema, run });
}

describe('a call', () => {
  test('that throws has written nothing, and its error is the status of the answer', async () => {
    const before = await domain.version();
    const answer = await domain.call(
      methodThat(async (call) => {
        saveInstance(call.txn, create(InstanceInfoPBSchema, { instanceId: 'written' }));
        throw new MetaError(MetaServiceCode.CLUSTER_NOT_FOUND, 'not there', { enableStorageVault: true });
      }),
      {},
    );
    expect(answer).toMatchObject({
      status: { code: MetaServiceCode.CLUSTER_NOT_FOUND, msg: 'not there' },
      enableStorageVault: true,
    });
    expect(await domain.version()).toBe(before);
  });

  test('that meets a defect rejects, and has written nothing', async () => {
    const before = await domain.version();
    const defective = methodThat(async (call) => {
      saveInstance(call.txn, create(InstanceInfoPBSchema, { instanceId: 'written' }));
      throw new TypeError('a defect');
    });
    await expect(domain.call(defective, {})).rejects.toThrow('a defect');
    expect(await domain.version()).toBe(before);
  });

  test('that lost against another runs again', async () => {
    let runs = 0;
    const counting = methodThat(async (call) => {
      runs++;
      const { instance } = await domain.call(methods.get_instance, { cloudUniqueId: '1:i:fe' });
      await call.txn.get(Buffer.from('key'));
      if (runs < 3) await domain.store.transact(async (txn) => txn.set(Buffer.from('key'), Buffer.from(`${runs}`)));
      call.txn.set(Buffer.from('other'), Buffer.from('value'));
      return { enableStorageVault: instance?.enableStorageVault ?? false };
    });
    expect(await domain.call(counting, {})).toMatchObject({ status: { code: MetaServiceCode.OK } });
    expect(runs).toBe(3);
  });

  test('answers a message that is whole, whatever its method made it of', async () => {
    await domain.admin('add_cluster', {
      instance_id: 'i',
      cluster: { cluster_id: 'c', cluster_name: 'cc', type: 'COMPUTE' },
    });
    const calls = [
      [methods.get_cluster_status, await domain.call(methods.get_cluster_status, { instanceIds: ['i'] })],
      [methods.get_cluster, await domain.call(methods.get_cluster, { cloudUniqueId: '1:i:fe' })],
      [methods.get_obj_store_info, await domain.call(methods.get_obj_store_info, { cloudUniqueId: '1:i:fe' })],
      [methods.get_instance, await domain.call(methods.get_instance, { cloudUniqueId: '1:i:fe' })],
      [methods.get_stage, await domain.call(methods.get_stage, { cloudUniqueId: 'nobody' })],
    ] as const;
    for (const [{ name, response }, answer] of calls) {
      expect(toBinary(response as typeof methods.get_cluster.response, answer as never).length, name).toBeGreaterThan(
        1,
      );
      expect(answer.status.$typeName, name).toBe('doris.cloud.MetaServiceResponseStatus');
    }
  });

  test('is logged without the length of its message', async () => {
    domain.log.length = 0;
    const long = 'x'.repeat(1_000_000);
    const answer = await domain.call(
      methodThat(() => Promise.reject(new MetaError(MetaServiceCode.INVALID_ARGUMENT, long))),
      {},
    );
    expect(answer.status.msg).toBe(long);
    expect(domain.log).toHaveLength(1);
    expect(domain.log[0]?.length).toBeLessThan(3_000);
  });
});
