import type { Kind } from '../../config/kind.ts';
import { integer, text } from '../../config/kind.ts';
import { optional, required, withDefault } from '../program/value.ts';

const INT64_MAX = 2n ** 63n - 1n;

/** An id of Doris. */
export function idKind(placeholder: string): Kind<bigint> {
  return {
    allowed: 'a whole number that an int64 can hold',
    placeholder,
    parse: (value) => {
      const id = /^\d{1,19}$/.test(value) ? BigInt(value) : undefined;
      return id !== undefined && id <= INT64_MAX ? id : undefined;
    },
    show: String,
  };
}

/** Text that is not empty. */
export function nameKind(placeholder: string): Kind<string> {
  return text({ placeholder, allowed: 'text that is not empty', pattern: /./ });
}

/** Bytes in hex, as lower case. */
export const hexKind: Kind<string> = {
  allowed: 'bytes in hex',
  placeholder: 'HEX',
  parse: (value) => (/^([0-9a-f]{2})+$/i.test(value) ? value.toLowerCase() : undefined),
  show: (value) => value,
};

export const instanceArgument = required(nameKind('INSTANCE'), 'The id of the instance');
export const clusterArgument = required(nameKind('CLUSTER'), 'The name or the id of the cluster');

/** For lists: how much, and from where on. */
export const pageOptions = {
  limit: withDefault(integer({ placeholder: 'N', min: 1, max: 1_000_000 }), 100, 'How many to show at most'),
  after: optional(nameKind('CURSOR'), 'Where to go on: what the end of the list before it says'),
};

/** A node of an instance that is registered nowhere, as which Doris lets anybody name the instance. */
export function callerOf(instance: string): string {
  return `1:${instance}:nereus-cli`;
}
