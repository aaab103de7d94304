import type { DescMessage } from '@bufbuild/protobuf';
import type { OperationFacts, Parameter, Shown } from '../admin/operation.ts';
import { bodySchema } from './body-schema.ts';
import {
  type Content,
  JSON_TYPE,
  type JsonSchema,
  type OperationObject,
  type Reference,
  type ResponseObject,
  statusSchema,
  TEXT_TYPE,
} from './document.ts';
import type { Example } from './example.ts';

export interface OperationContext {
  /** The path's last part, and what the description knows the operation by. */
  readonly name: string;
  readonly documentRules: boolean;
  readonly examples: readonly Example[];
  /** A reference to the schema of a message. */
  readonly refOf: (message: DescMessage) => JsonSchema;
  /** What can be answered when it has not gone well, by HTTP status. */
  readonly failures: Readonly<Record<string, ResponseObject | Reference>>;
}

/** Describes one operation. */
export function operationObject(facts: OperationFacts, context: OperationContext): OperationObject {
  const { topic, about, body } = facts;
  const { name, failures } = context;
  const parameters = (facts.parameters ?? []).map((parameter) => parameterObject(parameter, context.examples));
  return {
    operationId: name,
    tags: [topic],
    summary: about,
    security: [{ token: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: requestContent(body, context) } }),
    responses: {
      '200': { description: 'It has gone well.', content: shownContent(facts.shown, context) },
      ...failures,
    },
  };
}

function requestContent(body: NonNullable<OperationFacts['body']>, context: OperationContext): Content {
  const { documentRules, examples } = context;
  const shown = examples.filter(({ documentOnly }) => documentRules || !documentOnly);
  const named = shown.map(({ section, summary, body: value }, at) => {
    const title = section === undefined ? summary : `${summary} (section ${section} of the document)`;
    return [section ?? `example ${at + 1}`, { summary: title, value }] as const;
  });
  const schema = bodySchema(body, documentRules);
  return { [JSON_TYPE]: { schema, ...(named.length > 0 && { examples: Object.fromEntries(named) }) } };
}

function parameterObject({ name, about, required, type, raw }: Parameter, examples: readonly Example[]): object {
  const found = examples.find(({ query }) => query !== undefined && Object.hasOwn(query, name))?.query?.[name];
  return {
    name,
    in: 'query',
    description: about,
    ...(required && { required }),
    ...(raw && { allowReserved: true }),
    schema: parameterSchema(type),
    ...(found !== undefined && { example: found }),
  };
}

function parameterSchema(type: Parameter['type']): JsonSchema {
  if (type === undefined) return { type: 'string' };
  if (type === 'integer') return { type, format: 'int64' };
  return type === 'boolean' ? { type } : { type: 'string', enum: type };
}

function shownContent(shown: Shown, context: OperationContext): Content {
  switch (shown.kind) {
    case 'text':
      return {
        [TEXT_TYPE]: { schema: { type: 'string' } },
        ...(shown.json && shownContent(shown.json, context)),
      };
    case 'status':
      return { [JSON_TYPE]: { schema: statusSchema('OK') } };
    case 'bare object':
      return { [JSON_TYPE]: { schema: { type: 'object' } } };
    case 'object':
      return { [JSON_TYPE]: { schema: resultSchema({ type: 'object' }) } };
    case 'result': {
      const [first = {}, ...others] = shown.messages.map(context.refOf);
      return { [JSON_TYPE]: { schema: resultSchema(others.length === 0 ? first : { anyOf: [first, ...others] }) } };
    }
  }
}

/** `{"code", "msg", "result"}` of a call that has gone well. */
function resultSchema(result: JsonSchema): JsonSchema {
  return {
    type: 'object',
    required: ['code', 'msg', 'result'],
    properties: { code: { const: 'OK' }, msg: { type: 'string' }, result },
  };
}
