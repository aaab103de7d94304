import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeApi } from '../../src/openapi/describe-api.ts';
import type { JsonSchema, OperationObject, ResponseObject } from '../../src/openapi/document.ts';
import type { Step, Suite } from '../conformance/suite.ts';
import { startTestServer, type TestServer } from '../support/run-server.ts';

const ADMIN = '/MetaService/http/v1/';
const suitePath = join(import.meta.dirname, '../conformance/suites/document/document-examples.json');
const { steps }: Suite = JSON.parse(readFileSync(suitePath, 'utf8'));

const description = describeApi({ version: 'test', admin_rules: 'document', role: 'all', metrics_access: 'open' });
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(description, 'api');

/** Those with a body. */
const SECTIONS =
  '3.2.1 3.2.2 4.2 5.2 7.2 8.2 9.2 10.2 11.2 12.2 13.2 14.2 15.2 16.2 17.2 18.2 20.2 21.2 22.2 24.2 25.2 26.2';
/** Where the first step of a section's name is not its example, or where that is no JSON. */
const OF_SECTION: Readonly<Record<string, string>> = {
  '4.2': 'create-legacy',
  '14.2': '14.2-drop',
  '17.2': '17.2-drop-nodes',
  '22.2': '22.2-stop',
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

test('it has the example of every section of the document', () => {
  const shown = new Map(
    Object.values(description.paths).flatMap((item) =>
      Object.values(item).flatMap(({ requestBody }) =>
        Object.entries(requestBody?.content['application/json']?.examples ?? {}).map(([name, { value }]) => [
          name,
          value,
        ]),
      ),
    ),
  );
  const sections = [...shown.keys()].filter((name) => /^\d/.test(name)).sort((a, b) => Number(a) - Number(b));
  expect(sections.join(' ')).toBe(SECTIONS);
  for (const [section, value] of shown) {
    const id = OF_SECTION[section];
    const step = steps.find((one) => (id === undefined ? one.id.startsWith(`${section}-`) : one.id === id));
    if (step !== undefined) expect(value, section).toEqual(parsed(step.body));
  }
  expect(JSON.stringify(description.paths[`${ADMIN}get_instance`])).toContain('"example":"test-instance"');
  expect(JSON.stringify(description.paths[`${ADMIN}decode_key`])).toContain('"example":"0110696e7374616e6365');
});

test('what it says must be there is asked for, and what is answered is as it says', async () => {
  let left = 0;
  for (const step of steps) {
    const operation = operationOf(step);
    const body = step.body === undefined ? undefined : String(step.body);
    if (step.expect?.status === 200 && body !== undefined) {
      for (const [path, rest] of withoutRequired(schemaOf(operation), parsed(body))) {
        const answer = await ask(step, JSON.stringify(rest));
        expect(answer.status, `${step.id} without ${path}: ${answer.text}`).not.toBe(200);
        checkAnswer(operation, answer, `${step.id} without ${path}`);
        left++;
      }
    }
    checkAnswer(operation, await ask(step, body), step.id);
  }
  expect(left).toBeGreaterThan(80);
});

test('every path that can be read is served, and answers as it says', async () => {
  const store = JSON.parse(String(steps[0]?.body));
  const query = `token=${server.token}&instance_id=i&key_type=InstanceKey&key=0110&host=h&port=1&user=u&password=p`;
  await fetch(`${server.base}${ADMIN}create_instance?${query}`, {
    method: 'PUT',
    body: JSON.stringify({ ...store, instance_id: 'i' }),
  });
  for (const [path, item] of Object.entries(description.paths)) {
    const { get } = item;
    if (get === undefined) continue;
    for (const accept of ['*/*', 'application/json']) {
      const response = await fetch(`${server.base}${path}?${query}`, { headers: { accept } });
      const answer = { status: response.status, type: typeOf(response), text: await response.text() };
      expect(answer.status, path).not.toBe(404);
      checkAnswer(get, answer, `${path} for ${accept}`);
    }
  }
});

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function operationOf({ path }: Step): OperationObject {
  const name = /\/http\/(?:v1\/)?(\w+)\?/.exec(path)?.[1];
  const [operation] = Object.values(description.paths[`${ADMIN}${name}`] ?? {});
  if (operation === undefined) throw new Error(`${name} is not described`);
  return operation;
}

async function ask({ method, path }: Step, body: string | undefined): Promise<Answer> {
  const target = `${server.base}${path.replace('{{token}}', server.token)}`;
  const response = await fetch(target, { method, ...(body !== undefined && { body }) });
  return { status: response.status, type: typeOf(response), text: await response.text() };
}

function typeOf(response: Response): string {
  return (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
}

function checkAnswer({ responses }: OperationObject, { status, type, text }: Answer, what: string): void {
  const said = responses[status];
  const response = said !== undefined && '$ref' in said ? failureNamed(said.$ref) : said;
  const media = (response as ResponseObject | undefined)?.content?.[type];
  expect(media, `${what}: ${status} ${type} ${text}`).toBeDefined();
  if (type !== 'application/json') return;
  const validate = validatorOf(media?.schema ?? {});
  expect(validate(JSON.parse(text)) || validate.errors, `${what}: ${text}`).toBe(true);
}

function failureNamed($ref: string): ResponseObject | undefined {
  return description.components.responses[$ref.replace('#/components/responses/', '')];
}

const validators = new Map<string, ReturnType<typeof ajv.compile>>();

/** References are as they are from outside of the description. */
function validatorOf(schema: JsonSchema): ReturnType<typeof ajv.compile> {
  const text = JSON.stringify(schema).replaceAll('"#/', '"api#/');
  const known = validators.get(text) ?? ajv.compile(JSON.parse(text));
  validators.set(text, known);
  return known;
}

function schemaOf({ requestBody }: OperationObject): JsonSchema {
  return requestBody?.content['application/json']?.schema ?? {};
}

/** The body without each of the fields that must be there, with the path of that. */
function* withoutRequired(schema: JsonSchema, body: unknown): Generator<readonly [string, unknown]> {
  if (Array.isArray(body)) {
    const [first, ...others] = body;
    for (const [path, rest] of withoutRequired(schema.items as JsonSchema, first))
      yield [`0.${path}`, [rest, ...others]];
    return;
  }
  if (typeof body !== 'object' || body === null) return;
  const required = (schema.required ?? []) as readonly string[];
  const properties = (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  for (const [name, value] of Object.entries(body)) {
    const { [name]: _left, ...others } = body as Record<string, unknown>;
    if (required.includes(name)) yield [name, others];
    for (const [path, rest] of withoutRequired(properties[name] ?? {}, value)) {
      yield [`${name}.${path}`, { ...body, [name]: rest }];
    }
  }
}

/** The document has commas at the ends of objects. */
function parsed(body: unknown): unknown {
  return JSON.parse(String(body).replace(/,(\s*[}\]])/g, '$1'));
}
