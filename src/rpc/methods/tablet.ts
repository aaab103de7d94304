import { checkCreateTablets, createTablets } from '../../meta/tablet/create-tablets.ts';
import { getTablet } from '../../meta/tablet/get-tablet.ts';
import * as tablet from '../../schema/gen/cloud/tablet_pb.ts';
import { method } from '../method.ts';
import { BY_INSTANCE } from './callers.ts';

export const tabletMethods = {
  create_tablets: method({
    name: 'create_tablets',
    request: tablet.CreateTabletsRequestSchema,
    response: tablet.CreateTabletsResponseSchema,
    check: checkCreateTablets,
    caller: BY_INSTANCE,
    run: createTablets,
  }),
  get_tablet: method({
    name: 'get_tablet',
    request: tablet.GetTabletRequestSchema,
    response: tablet.GetTabletResponseSchema,
    caller: BY_INSTANCE,
    run: getTablet,
  }),
} as const;
