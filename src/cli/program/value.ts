import { boolean, type Kind } from '../../config/kind.ts';
import { usage } from '../command-error.ts';

/** What a command takes, by a flag or as an argument. */
export interface Value<T> {
  /** Undefined for a flag that stands alone. */
  readonly kind: Kind<unknown> | undefined;
  /** A sentence without its full stop. */
  readonly meaning: string;
  readonly required: boolean;
  readonly repeatable: boolean;
  /** What `given` stands for. `name` is what messages call it. Throws a CommandError for what is not allowed. */
  read(given: readonly string[], name: string): T;
}

/** What may be left out. */
export function optional<T>(kind: Kind<T>, meaning: string): Value<T | undefined> {
  return {
    ...{ kind, meaning, required: false, repeatable: false },
    read: ([text], name) => (text === undefined ? undefined : parsed(kind, text, name)),
  };
}

/** What may be left out, and then has a value all the same. */
export function withDefault<T>(kind: Kind<T>, byDefault: T, meaning: string): Value<T> {
  return {
    ...{ kind, meaning: `${meaning}; ${kind.show(byDefault)} by default`, required: false, repeatable: false },
    read: ([text], name) => (text === undefined ? byDefault : parsed(kind, text, name)),
  };
}

/** What must be given. */
export function required<T>(kind: Kind<T>, meaning: string): Value<T> {
  return {
    ...{ kind, meaning, required: true, repeatable: false },
    read: ([text], name) => {
      if (text === undefined) throw usage(`${name} is needed: ${meaning}`);
      return parsed(kind, text, name);
    },
  };
}

/** What may be given any number of times, or at least once. */
export function several<T>(kind: Kind<T>, meaning: string, atLeast: 0 | 1 = 0): Value<readonly T[]> {
  return {
    ...{ kind, meaning, required: atLeast > 0, repeatable: true },
    read: (given, name) => {
      if (given.length < atLeast) throw usage(`${name} is needed: ${meaning}`);
      return given.map((text) => parsed(kind, text, name));
    },
  };
}

/** A flag that stands alone. */
export function flag(meaning: string): Value<boolean> {
  return {
    ...{ kind: undefined, meaning, required: false, repeatable: false },
    read: ([text]) => text !== undefined && boolean.parse(text) === true,
  };
}

function parsed<T>(kind: Kind<T>, text: string, name: string): T {
  const value = kind.parse(text);
  if (value === undefined) throw usage(`${name} must be ${kind.allowed}; it is ${JSON.stringify(text)}`);
  return value;
}
