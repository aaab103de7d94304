import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { type FieldPlan, isSet, listOf, mapOf, planOf, setEntry, type ValuePlan, valuesOf } from './message-plan.ts';

const MASK = '******';

/**
 * What the name of a field, or a key in a map or a key-value list, has in it when the value is a secret or the half of
 * one. The access key counts too: with it, a leaked signature or a guess is worth more. A keytab does not: what Doris is
 * told of it is the path of a file.
 */
const SECRET_WORDS = [
  'secret',
  'password',
  'passwd',
  'passphrase',
  'token',
  'credential',
  'accesskey',
  'accountkey',
  'apikey',
  'privatekey',
];
const SECRET_PARTS: ReadonlySet<string> = new Set(['ak', 'sk', 'pwd', 'sas']);

/** The settings of Hadoop itself. Those of its file systems, as `fs.`, are keys of clouds under any name. */
const OPEN_SETTING = /^(dfs|hadoop|ipc)\./;

/** Who logs in, with a password or half of one, in a URL. */
const USER_OF_URL = /(:\/\/)[^/\s]*@/g;

/** A name alone says too little here. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(['doris.cloud.EncryptionKeyInfoPB.Item.key']);

/**
 * The message as it may be logged or quoted in an error: every secret reads `******`, in key-value pairs and string
 * maps too where the key says so, and so does who logs in in a URL. Fields that the schema doesn't know are left out. Answers the message itself when its
 * type has no room for secrets; treat the result as read-only.
 */
export function maskSecrets<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): MessageShape<Desc> {
  return holdsSecrets(schema) ? (masked(schema, message) as MessageShape<Desc>) : message;
}

/** The text without the user and the password that a URL in it may have. */
export function maskUrlUser(text: string): string {
  return text.replace(USER_OF_URL, `$1${MASK}@`);
}

const known = new WeakMap<DescMessage, boolean>();

function holdsSecrets(root: DescMessage): boolean {
  let answer = known.get(root);
  if (answer === undefined) {
    const reachable = new Set([root]);
    answer = false;
    for (const schema of reachable) {
      answer ||= isPair(schema);
      for (const field of planOf(schema).fields) {
        answer ||= isSecret(field) || isStringMap(field);
        if (field.value.kind === 'message') reachable.add(field.value.schema);
      }
    }
    known.set(root, answer);
  }
  return answer;
}

function isSecret(field: FieldPlan): boolean {
  return isText(field.value) && (SECRET_FIELDS.has(field.fullName) || isSecretName(field.name));
}

/** Whether a field, or a key, of this name holds a secret or the half of one. */
export function isSecretName(name: string): boolean {
  const parts = name.toLowerCase().split(/[._-]/);
  const joined = parts.join('');
  return parts.some((part) => SECRET_PARTS.has(part)) || SECRET_WORDS.some((word) => joined.includes(word));
}

function isText(plan: ValuePlan): boolean {
  return plan.kind === 'scalar' && (plan.scalar === 'string' || plan.scalar === 'bytes');
}

function isStringMap(field: FieldPlan): boolean {
  return field.shape === 'map' && field.mapKey === 'string' && isText(field.value);
}

/** A message that is a `key` with a `value`, such as a setting of HDFS. */
function isPair(schema: DescMessage): boolean {
  const { byName } = planOf(schema);
  const key = byName.get('key');
  const value = byName.get('value');
  return key !== undefined && value !== undefined && isText(key.value) && isText(value.value);
}

function masked(schema: DescMessage, message: object): object {
  const plan = planOf(schema);
  const source = valuesOf(message);
  const copy = create(schema);
  const target = valuesOf(copy);
  const key = String(source.key);
  const hideValue = isPair(schema) && (isSecretName(key) || !OPEN_SETTING.test(key));
  for (const field of plan.fields) {
    const hide = isSecret(field) || (hideValue && field.name === 'value');
    if (field.shape === 'list') {
      target[field.local] = listOf(source, field).map((value) => maskedValue(field.value, value, hide));
    } else if (field.shape === 'map') {
      const entries = mapOf(target, field);
      for (const [key, value] of Object.entries(mapOf(source, field))) {
        setEntry(entries, key, maskedValue(field.value, value, hide || (isStringMap(field) && isSecretName(key))));
      }
    } else if (isSet(source, field)) {
      target[field.local] = maskedValue(field.value, source[field.local], hide);
    }
  }
  return copy;
}

function maskedValue(plan: ValuePlan, value: unknown, hide: boolean): unknown {
  if (plan.kind === 'message') return holdsSecrets(plan.schema) ? masked(plan.schema, value as object) : value;
  if (!hide) return typeof value === 'string' ? maskUrlUser(value) : value;
  return plan.kind === 'scalar' && plan.scalar === 'bytes' ? new TextEncoder().encode(MASK) : MASK;
}
