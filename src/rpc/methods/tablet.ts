import { checkCreateTablets, createTablets } from '../../meta/tablet/create-tablets.ts';
import { getTablet } from '../../meta/tablet/get-tablet.ts';
import { getTabletStats } from '../../meta/tablet/get-tablet-stats.ts';
import { updateTablet } from '../../meta/tablet/update-tablet.ts';
import { updateTabletSchema } from '../../meta/tablet/update-tablet-schema.ts';
import * as tablet from '../../schema/gen/cloud/tablet_pb.ts';
import * as stats from '../../schema/gen/cloud/tablet_stats_pb.ts';
import { method, methodInSteps } from '../method.ts';
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
  update_tablet: method({
    name: 'update_tablet',
    request: tablet.UpdateTabletRequestSchema,
    response: tablet.UpdateTabletResponseSchema,
    caller: BY_INSTANCE,
    run: updateTablet,
  }),
  update_tablet_schema: method({
    name: 'update_tablet_schema',
    request: tablet.UpdateTabletSchemaRequestSchema,
    response: tablet.UpdateTabletSchemaResponseSchema,
    caller: BY_INSTANCE,
    run: updateTabletSchema,
  }),
  get_tablet_stats: methodInSteps({
    name: 'get_tablet_stats',
    request: stats.GetTabletStatsRequestSchema,
    response: stats.GetTabletStatsResponseSchema,
    caller: BY_INSTANCE,
    runInSteps: getTabletStats,
  }),
} as const;
