import type { DescMessage } from '@bufbuild/protobuf';
import { type FieldPlan, planOf, type ScalarKind } from '../schema/message-plan.ts';
import { type JsonSchema, schemaRef } from './document.ts';

/** Numbers of 64 bits are written as texts, as protobuf's own writer does. */
const SCALARS: Readonly<Record<ScalarKind, JsonSchema>> = {
  int32: { type: 'integer', format: 'int32' },
  uint32: { type: 'integer', minimum: 0 },
  int64: { type: 'string', format: 'int64' },
  uint64: { type: 'string', format: 'uint64' },
  double: { type: ['number', 'string'] },
  bool: { type: 'boolean' },
  string: { type: 'string' },
  bytes: { type: 'string', contentEncoding: 'base64' },
};

/** The schemas of messages as they are answered in JSON, each once, by their names. */
export class MessageSchemas {
  readonly #schemas = new Map<string, JsonSchema>();

  /** A reference to the schema of a message, which is kept with those of all that it may hold. */
  ref(message: DescMessage): JsonSchema {
    const name = nameOf(message);
    if (!this.#schemas.has(name)) {
      // Known before its fields are: a message may hold its like.
      this.#schemas.set(name, {});
      const fields = planOf(message).fields.map((field) => [field.name, this.#field(field)] as const);
      this.#schemas.set(name, { type: 'object', properties: Object.fromEntries(fields) });
    }
    return schemaRef(name);
  }

  /** In the order of their names. */
  all(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #field({ shape, value }: FieldPlan): JsonSchema {
    const one =
      value.kind === 'message'
        ? this.ref(value.schema)
        : value.kind === 'scalar'
          ? SCALARS[value.scalar]
          : { type: 'string', enum: [...value.enum.byName.keys()] };
    if (shape === 'single') return one;
    return shape === 'list' ? { type: 'array', items: one } : { type: 'object', additionalProperties: one };
  }
}

/** `doris.cloud.StagePB.StageType` as `StagePB.StageType`. */
function nameOf({ typeName, file }: DescMessage): string {
  return typeName.slice(file.proto.package.length + 1);
}
