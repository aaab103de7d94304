import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { read } from '../../test/repository/files.ts';
import { routes } from '../admin/routes.ts';
import { type DescribedService, describeApi } from './describe-api.ts';
import type { MediaType } from './document.ts';

const DEFAULT: DescribedService = {
  version: JSON.parse(read('package.json')).version,
  admin_rules: 'document',
  role: 'all',
  metrics_access: 'open',
};

const VARIANTS: readonly Partial<DescribedService>[] = [
  {},
  { admin_rules: 'reference' },
  { role: 'recycler', metrics_access: 'token' },
  { role: 'meta-service' },
];

test('docs/openapi.json is current', async () => {
  const text = `${JSON.stringify(describeApi(DEFAULT), undefined, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../docs/openapi.json');
});

describe.each(VARIANTS)('of a service with %o', (variant) => {
  const description = describeApi({ ...DEFAULT, ...variant });
  const operations = Object.entries(description.paths).flatMap(([path, item]) =>
    Object.values(item).map((operation) => ({ path, ...operation })),
  );

  test('it is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(description)));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  test('no two operations share an id, and every topic is explained', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const topics = new Set(description.tags.map(({ name }) => name));
    expect(operations.filter(({ tags }) => !tags.every((tag) => topics.has(tag)))).toEqual([]);
  });

  test('every reference leads somewhere, and every example is what its schema asks for', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    ajv.addSchema(description, 'api');
    for (const $ref of new Set(JSON.stringify(description).match(/#\/components\/[^"]+/g))) {
      expect(() => ajv.compile({ $ref: `api${$ref}` }), $ref).not.toThrow();
    }
    for (const { path, requestBody } of operations) {
      for (const { schema, examples = {} } of Object.values(requestBody?.content ?? {}) as MediaType[]) {
        const validate = ajv.compile({ ...schema });
        for (const { summary, value } of Object.values(examples)) {
          expect(validate(value) || validate.errors, `${path}: ${summary}`).toBe(true);
        }
      }
    }
  });
});

test('by its role a service serves less', () => {
  const beginnings = (role: DescribedService['role']) => [
    ...new Set(Object.keys(describeApi({ ...DEFAULT, role }).paths).map((path) => path.split('/')[1])),
  ];
  expect(beginnings('recycler')).not.toContain('MetaService');
  expect(beginnings('meta-service')).not.toContain('RecyclerService');
  expect(beginnings('all')).toEqual(expect.arrayContaining(['MetaService', 'RecyclerService', 'rest', 'health']));
});

test('the rules of the reference ask for less, and know no other names', () => {
  const bodyOf = (admin_rules: DescribedService['admin_rules']) =>
    JSON.stringify(
      describeApi({ ...DEFAULT, admin_rules }).paths['/MetaService/http/v1/set_cluster_status']?.put?.requestBody,
    );
  expect(bodyOf('document')).toMatch(/"required".*"STOPPED"/);
  expect(bodyOf('reference')).not.toMatch(/"required":\[|STOPPED/);
});

test('what an operation does is one sentence of its own', () => {
  const abouts = Object.values(routes).map(({ about }) => about);
  expect(abouts.filter((about) => !/^[A-Z][^.]*\.$/.test(about))).toEqual([]);
  expect(new Set(abouts).size).toBe(abouts.length);
});
