import type { OperationFacts, Topic } from '../admin/operation.ts';
import { recyclerOperations } from '../admin/recycling/recycler-operations.ts';
import { routes } from '../admin/routes.ts';
import type { OpenApiDocument, PathItem } from './document.ts';
import { documentExamples } from './document-examples.ts';
import { adminFailures, failureResponses, recyclerFailures, textFailures } from './failures.ts';
import { MessageSchemas } from './message-schemas.ts';
import { type OperationContext, operationObject } from './operation-object.ts';
import { clusterStatusPaths, type SERVICE, servicePaths } from './other-paths.ts';
import { ownExamples } from './own-examples.ts';

/** What a service serves, as its settings say. */
export interface DescribedService {
  readonly version: string;
  readonly admin_rules: 'document' | 'reference';
  readonly role: 'all' | 'meta-service' | 'recycler';
  readonly metrics_access: 'open' | 'token';
}

const TOPICS: Readonly<Record<Topic | typeof SERVICE, string>> = {
  instances: 'What clusters, nodes and storage belong to.',
  storage: 'Where instances store their data: object stores, storage vaults and stages.',
  clusters: 'The clusters of instances and their nodes.',
  tablets: 'Tablets, their jobs, and the transactions that load them.',
  keys: 'What is in the store, key by key, for those who look for a fault.',
  recycler: 'What is reclaimed of what was dropped or has expired.',
  service: 'How the service itself fares.',
};

/** The OpenAPI description of what a service serves to operators, made from the tables that serve it. */
export function describeApi(service: DescribedService): OpenApiDocument {
  const { version, role, metrics_access, admin_rules } = service;
  const messages = new MessageSchemas();
  const common = { documentRules: admin_rules === 'document', refOf: messages.ref.bind(messages) };
  const pathsOf = (
    prefix: string,
    table: Readonly<Record<string, OperationFacts>>,
    failuresOf: (facts: OperationFacts) => OperationContext['failures'],
  ) =>
    Object.fromEntries(
      Object.entries(table).map(([name, facts]): [string, PathItem] => {
        const examples = documentExamples[name] ?? ownExamples[name] ?? [];
        const context = { ...common, name, examples, failures: failuresOf(facts) };
        return [`${prefix}${name}`, { [facts.verb.toLowerCase()]: operationObject(facts, context) }];
      }),
    );
  const paths = {
    ...(role !== 'recycler' && {
      ...pathsOf('/MetaService/http/v1/', routes, ({ shown }) =>
        shown.kind === 'text' ? textFailures : adminFailures,
      ),
      ...clusterStatusPaths(),
    }),
    ...(role !== 'meta-service' && pathsOf('/RecyclerService/http/', recyclerOperations, () => recyclerFailures)),
    ...servicePaths(metrics_access),
  };
  const used = new Set(Object.values(paths).flatMap((item) => Object.values(item).flatMap(({ tags }) => tags)));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Nereus admin API',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: introduction(service),
    },
    tags: Object.entries(TOPICS).flatMap(([name, description]) => (used.has(name) ? [{ name, description }] : [])),
    paths,
    components: {
      securitySchemes: SECURITY,
      schemas: messages.all(),
      responses: failureResponses,
    },
  };
}

const SECURITY = {
  // The page has the last one ready to be typed.
  status_user: {
    type: 'http',
    scheme: 'basic',
    description: 'For the status of clusters: a user of a frontend, or of the setting `cluster_status_users`.',
  },
  token: {
    type: 'apiKey',
    in: 'query',
    name: 'token',
    description: 'The setting `http_token`. It is kept until the page is closed, and nowhere but in the page.',
  },
};

function introduction({ admin_rules, role }: DescribedService): string {
  const rules =
    admin_rules === 'document'
      ? 'Requests are checked by the rules of its document (`admin_rules = document`).'
      : 'Requests are checked by no more rules than those of the C++ service (`admin_rules = reference`).';
  const admin =
    role === 'recycler'
      ? 'This process recycles and does nothing else (`role = recycler`).'
      : `The API of operators of the Meta Service of Apache Doris. ${rules} Each path under \`/MetaService/http/\` is served without \`v1/\` as well.`;
  return [
    admin,
    'An operation takes any HTTP method and any content type. In a body, names of fields may be written in camelCase, values of enums as numbers, and trailing commas are no mistake. Fields that an operation does not look at are not shown here.',
    'Numbers of 64 bits are answered as texts.',
  ].join('\n\n');
}
