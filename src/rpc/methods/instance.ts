import { alterInstance } from '../../meta/instance/alter-instance.ts';
import { createInstance } from '../../meta/instance/create-instance.ts';
import { getInstance } from '../../meta/instance/get-instance.ts';
import * as instance from '../../schema/gen/cloud/instance_pb.ts';
import { method } from '../method.ts';

export const instanceMethods = {
  create_instance: method({
    name: 'create_instance',
    request: instance.CreateInstanceRequestSchema,
    response: instance.CreateInstanceResponseSchema,
    run: createInstance,
  }),
  alter_instance: method({
    name: 'alter_instance',
    request: instance.AlterInstanceRequestSchema,
    response: instance.AlterInstanceResponseSchema,
    run: alterInstance,
  }),
  get_instance: method({
    name: 'get_instance',
    request: instance.GetInstanceRequestSchema,
    response: instance.GetInstanceResponseSchema,
    caller: { missing: 'cloud_unique_id must be given', unknown: 'empty instance_id' },
    run: getInstance,
  }),
} as const;
