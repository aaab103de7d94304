import type { DescMessage } from '@bufbuild/protobuf';
import { type FieldPlan, planOf, type ScalarKind, type ValuePlan } from '../../../src/schema/message-plan.ts';
import type { Random } from '../random.ts';
import { type JsonTree, treeOf, word } from './json-tree.ts';
import { oddText, oddWord } from './odd-values.ts';
import { isSecretKey } from './secrets.ts';
import { callerOf, type World } from './world.ts';

/** A request that nobody wrote: any of the fields of its message, with values that mean something now and then. */
export function randomRequest(random: Random, schema: DescMessage, world: World, depth = 4): JsonTree {
  const entries: [string, JsonTree][] = [];
  for (const field of planOf(schema).fields) {
    if (!field.required && !random.chance(depth > 2 ? 0.7 : 0.5)) continue;
    entries.push([field.name, random.chance(0.04) ? word(oddWord(random)) : randomField(random, field, world, depth)]);
  }
  return { kind: 'object', entries };
}

function randomField(random: Random, field: FieldPlan, world: World, depth: number): JsonTree {
  const value = () => randomValue(random, field.name, field.value, world, depth);
  if (field.shape === 'single') return value();
  const length = random.int(4);
  if (field.shape === 'list') return { kind: 'array', items: Array.from({ length }, value) };
  return { kind: 'object', entries: Array.from({ length }, () => [oddText(random), value()]) };
}

function randomValue(random: Random, name: string, plan: ValuePlan, world: World, depth: number): JsonTree {
  if (plan.kind === 'message') {
    return depth > 0 ? randomRequest(random, plan.schema, world, depth - 1) : { kind: 'object', entries: [] };
  }
  if (plan.kind === 'enum') {
    const [number, text] = random.pick([...plan.enum.byNumber]);
    return treeOf(random.chance(0.8) ? text : number);
  }
  return treeOf(randomScalar(random, name, plan.scalar, world));
}

function randomScalar(random: Random, name: string, kind: ScalarKind, world: World): unknown {
  switch (kind) {
    case 'string':
      return isSecretKey(name) ? world.secret() : randomText(random, name, world);
    case 'bytes':
      return Buffer.from(oddText(random)).toString('base64');
    case 'bool':
      return random.chance(0.5);
    case 'double':
      return random.int(1000) / 7;
    default:
      return random.weighted([
        [5, random.int(70_000)],
        [2, random.int(3)],
        [1, -1 - random.int(2 ** 31)],
      ]);
  }
}

/** Names under which something may be found, by the field that asks for it. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  cluster_id: ['compute_id', 'frontends_id', 'new_id'],
  cluster_name: ['compute', 'frontends', 'new_name'],
  stage_name: ['ext_stage', 'other'],
  mysql_user_name: ['user1', 'jack', ''],
  mysql_user_id: ['id1', 'id2', ''],
  id: ['1', '2', '-1', '01'],
  user_id: ['ram_user', 'bucket_user', 'user'],
  name: ['built_in_storage_vault', 'ext_stage', 'name', 'vault_2'],
};

function randomText(random: Random, name: string, world: World): string {
  if (random.chance(0.15)) return oddText(random);
  const instance = random.pick([world.s3, world.hdfs, world.legacy, `${world.s3}_new_${world.serial()}`]);
  if (/^instance_id/.test(name)) return instance;
  if (/^cloud_unique_id/.test(name)) {
    const other = `1:${instance}:node${random.int(20)}`;
    return random.pick([callerOf(instance), `1:${instance}:be1`, other, 'plain_id']);
  }
  return random.pick(NAMES[name] ?? ['a', 'bb', 'text']);
}
