import { describeInstance } from '../../meta/instance/get-instance.ts';
import { MetaError } from '../../meta/meta-error.ts';
import { methods } from '../../rpc/methods.ts';
import type { Rules } from '../../rpc/runner.ts';
import { InstanceInfoPBSchema, AlterInstanceRequest_Operation as Op } from '../../schema/gen/cloud/instance_pb.ts';
import { writeProtobufJson } from '../../schema/json/write-protobuf-json.ts';
import type { HttpAnswer } from '../http-types.ts';
import { listInstances } from '../listing/list-instances.ts';
import { pageParameters } from '../listing/page.ts';
import { type AdminOperation, rpcOperation } from '../operation.ts';
import { adminCode, jsonReply } from '../reply.ts';
import type { AdminCall } from '../route.ts';
import { createInstanceRules, renameInstanceRules, setInstanceStatusRules } from '../rules/instance-rules.ts';
import { NEW_HDFS, NEW_STORE, RAM_USER } from './fields.ts';

const topic = 'instances';

export const instanceOperations = {
  create_instance: rpcOperation(
    methods.create_instance,
    {
      topic,
      about: 'Creates an instance with a first storage vault, on object storage or HDFS, and no nodes yet.',
      fields: `instance_id! name user_id sse_enabled vault{obj_info{${NEW_STORE}} ${NEW_HDFS}} obj_info{${NEW_STORE} user_id} ram_user{${RAM_USER}}`,
    },
    { rules: createInstanceRules },
  ),
  drop_instance: alterInstance(
    Op.DROP,
    'instance_id!',
    'Marks an instance without clusters as dropped, so that the recycler reclaims what it has stored.',
  ),
  rename_instance: alterInstance(
    Op.RENAME,
    'instance_id! name!',
    'Gives an instance another name.',
    renameInstanceRules,
  ),
  enable_instance_sse: alterInstance(
    Op.ENABLE_SSE,
    'instance_id!',
    'Has object storage encrypt what an instance stores there from now on.',
  ),
  disable_instance_sse: alterInstance(
    Op.DISABLE_SSE,
    'instance_id!',
    'Ends the encryption by object storage for what an instance stores from now on.',
  ),
  set_instance_status: rpcOperation(
    methods.alter_instance,
    {
      topic,
      verb: 'POST',
      about: 'Marks an instance as overdue with SET_OVERDUE, or as in order again with SET_NORMAL.',
      fields: 'instance_id! op!',
    },
    { rules: setInstanceStatusRules },
  ),
  get_instance: {
    topic,
    verb: 'GET',
    about: 'Shows an instance with its clusters, nodes, stages and storage, secret keys in the clear.',
    parameters: [
      { name: 'instance_id', about: 'The instance; without it, that of cloud_unique_id.' },
      { name: 'cloud_unique_id', about: 'A node of the instance.' },
    ],
    shown: { kind: 'result', messages: [InstanceInfoPBSchema] },
    answer: getInstance,
  },
  list_instances: {
    topic,
    verb: 'GET',
    about: 'Lists the instances by their ids, those included that are dropped and not yet recycled, without secrets.',
    parameters: pageParameters('The instance behind which the page begins: `next_after` of the page before.'),
    shown: { kind: 'object' },
    answer: listInstances,
  },
} satisfies Readonly<Record<string, AdminOperation>>;

function alterInstance(
  op: Op,
  fields: string,
  about: string,
  rules?: Rules<typeof methods.alter_instance.request>,
): AdminOperation {
  return rpcOperation(methods.alter_instance, { topic, about, fields }, { fixed: { op }, ...(rules && { rules }) });
}

async function getInstance({ query, runner }: AdminCall): Promise<HttpAnswer> {
  const instanceId = query.decoded('instance_id');
  const cloudUniqueId = query.decoded('cloud_unique_id');
  try {
    const instance = await runner.read('get_instance', (call) => describeInstance(call, instanceId, cloudUniqueId));
    return jsonReply('OK', '', writeProtobufJson(InstanceInfoPBSchema, instance));
  } catch (error) {
    if (error instanceof MetaError) return jsonReply(adminCode(error.code), error.message, '{}');
    throw error;
  }
}
