import { JSON_TYPE, type JsonSchema, type OperationObject, type PathItem, TEXT_TYPE } from './document.ts';

/** The topic of what is no operation. */
export const SERVICE = 'service';

const TEXT: JsonSchema = { type: 'string' };

/** What can be read beside the operations: whether the service serves, and its figures. */
export function servicePaths(metricsAccess: 'open' | 'token'): Readonly<Record<string, PathItem>> {
  const security = metricsAccess === 'token' ? [{ token: [] }] : [];
  const figures = (operationId: string, summary: string): PathItem => ({
    get: {
      ...reading(operationId, summary, TEXT_TYPE, TEXT),
      ...(security.length > 0 && { security }),
    },
  });
  const health = reading('health', 'Tells whether the service serves, for whoever watches it.', JSON_TYPE, {
    type: 'object',
    required: ['status'],
    properties: { status: { type: 'string' } },
  });
  const responses = { ...health.responses, '503': { ...health.responses['200'], description: 'It does not serve.' } };
  return {
    '/health': { get: { ...health, responses } },
    '/version': { get: reading('version', 'Tells which version runs.', TEXT_TYPE, TEXT) },
    '/metrics': figures('metrics', 'Shows the figures of the service for Prometheus.'),
    '/brpc_metrics': figures('brpc_metrics', "Shows figures for Prometheus under the names of Doris's own service."),
    '/vars': figures('vars', "Shows figures as lines of text under the names of Doris's own service."),
  };
}

const STATUS_PATHS = {
  cloud_cluster_status: '/rest/v2/manager/cluster/cluster_info/cloud_cluster_status',
  compute_group_status: '/rest/v2/manager/cluster/compute_group_info/compute_group_status',
} as const;

/** The page that shows what backends do; a frontend serves it at the same paths. */
export function clusterStatusPaths(): Readonly<Record<string, PathItem>> {
  const summary = 'Shows the backends of every compute cluster, and what each of them has going on.';
  const schema: JsonSchema = {
    type: 'object',
    required: ['msg', 'code', 'data', 'count'],
    properties: { msg: TEXT, code: { type: 'integer' }, data: {}, count: { type: 'integer' } },
  };
  const parameters = [
    { name: 'instance_id', in: 'query', description: 'The instance; without it, all of them.', schema: TEXT },
  ];
  const security = [{ status_user: [] }];
  return Object.fromEntries(
    Object.entries(STATUS_PATHS).map(([operationId, path]) => {
      const page = reading(operationId, summary, JSON_TYPE, schema);
      const description = 'Refusals come with HTTP 200 as well, and with a code of their own in the body.';
      return [path, { get: { ...page, description, tags: ['clusters'], parameters, security } }];
    }),
  );
}

function reading(operationId: string, summary: string, contentType: string, schema: JsonSchema): OperationObject {
  const ok = { description: 'What was asked for.', content: { [contentType]: { schema } } };
  return { operationId, tags: [SERVICE], summary, responses: { '200': ok } };
}
