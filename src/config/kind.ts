import { availableParallelism } from 'node:os';

/** A kind of value: how it is read from text, how it is written back, and what is allowed. */
export interface Kind<T> {
  /** What is allowed, to follow "must be": `an integer from 1 to 65535`. */
  readonly allowed: string;
  /** What stands for a value in the help: `PORT`. */
  readonly placeholder: string;
  /** The value that `text` stands for, or undefined when it is not allowed. */
  parse(text: string): T | undefined;
  /** The text that `parse` would read as `value`. */
  show(value: T): string;
}

/** A bucket or a container, and what the names of all objects in it begin with. */
export interface BucketUrl {
  /** All of it: `s3://bucket/prefix`. */
  readonly url: string;
  readonly scheme: 's3' | 'azure';
  readonly bucket: string;
  /** Without a slash at its beginning or end; empty for the whole bucket. */
  readonly prefix: string;
}

/** Where to listen. Without a port, `brpc_listen_port` says which. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number | undefined;
}

const LARGEST_PORT = 65535;

export function text(options: { placeholder: string; allowed?: string; pattern?: RegExp }): Kind<string> {
  return {
    allowed: options.allowed ?? 'text',
    placeholder: options.placeholder,
    parse: (value) => (options.pattern === undefined || options.pattern.test(value) ? value : undefined),
    show: (value) => value,
  };
}

export function integer(options: { placeholder: string; min: number; max: number; off?: number }): Kind<number> {
  const range = `an integer from ${options.min} to ${options.max}`;
  return {
    allowed: options.off === undefined ? range : `${range}, or ${options.off} for none`,
    placeholder: options.placeholder,
    parse: (value) => {
      if (!/^-?\d{1,19}$/.test(value)) return undefined;
      const number = Number(value);
      const inRange = number >= options.min && number <= options.max;
      return inRange || number === options.off ? number : undefined;
    },
    show: String,
  };
}

/** How many processes: a number, or `auto` for as many as there are cores. */
export function processes(most: number): Kind<number> {
  const number = integer({ placeholder: 'N|auto', min: 1, max: most });
  return {
    ...number,
    allowed: `${number.allowed}, or auto`,
    parse: (value) => (value === 'auto' ? Math.min(availableParallelism(), most) : number.parse(value)),
  };
}

/** Numbers by name: `get_cluster:5000000;begin_txn:5000000`. */
export const countsByName: Kind<ReadonlyMap<string, number>> = {
  allowed: 'NAME:N, several of them with ; in between, N an integer from 1 to 1000000000, or empty',
  placeholder: 'NAME:N;...',
  parse: (value) => {
    const counts = new Map<string, number>();
    for (const part of value.split(';').filter((one) => one !== '')) {
      const [, name, number] = /^(\w+):([1-9]\d{0,8}|1000000000)$/.exec(part) ?? [];
      if (name === undefined || number === undefined) return undefined;
      counts.set(name, Number(number));
    }
    return counts;
  },
  show: (value) => [...value].map(([name, count]) => `${name}:${count}`).join(';'),
};

/** Passwords by user: `root:secret`, one a line, so that a password may have any sign but the end of a line. */
export const users: Kind<ReadonlyMap<string, string>> = {
  allowed: 'USER:PASSWORD, each user once and on a line of its own, or empty',
  placeholder: 'USER:PASSWORD',
  parse: (value) => {
    const passwords = new Map<string, string>();
    for (const line of value.split(/\r?\n/).filter((one) => one !== '')) {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0));
      if (name === '' || passwords.has(name)) return undefined;
      passwords.set(name, line.slice(colon + 1));
    }
    return passwords;
  },
  show: (value) => [...value].map(([name, password]) => `${name}:${password}`).join('\n'),
};

/** Names, with commas in between: `one,two`. Blanks around a name don't count. */
export const names: Kind<readonly string[]> = {
  allowed: 'names with commas in between, or empty',
  placeholder: 'NAME,...',
  parse: (value) =>
    value
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  show: (value) => value.join(','),
};

export const boolean: Kind<boolean> = {
  allowed: 'true or false',
  placeholder: 'true|false',
  parse: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
  show: String,
};

export function choice<const T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    allowed: `one of ${choices.join(', ')}`,
    placeholder: choices.join('|'),
    parse: (value) => choices.find((one) => one.toLowerCase() === value.toLowerCase()),
    show: (value) => value,
  };
}

/** Bytes in base64, padding included, or nothing: kept as text, since that is how they are stored. */
export const base64: Kind<string> = {
  allowed: 'base64 with its padding, or empty',
  placeholder: 'BASE64',
  parse: (value) => (Buffer.from(value, 'base64').toString('base64') === value ? value : undefined),
  show: (value) => value,
};

/** `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`. */
export const listenAddress: Kind<ListenAddress> = {
  allowed: 'HOST or HOST:PORT, as in 127.0.0.1:5000, 0.0.0.0:5000 or [::1]:5000',
  placeholder: 'HOST:PORT',
  parse: (value) => {
    const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9a-zA-Z._-]+))(?::(\d{1,5}))?$/.exec(value);
    const host = parts?.[1] ?? parts?.[2];
    if (host === undefined) return undefined;
    const port = parts?.[3] === undefined ? undefined : Number(parts[3]);
    return port === undefined || port <= LARGEST_PORT ? { host, port } : undefined;
  },
  show: ({ host, port }) => {
    const shown = host.includes(':') ? `[${host}]` : host;
    return port === undefined ? shown : `${shown}:${port}`;
  },
};

/** `s3://BUCKET/PREFIX` or `azure://CONTAINER/PREFIX`, or nothing. Steps of a prefix that lead elsewhere are not allowed. */
export const bucketUrl: Kind<BucketUrl | null> = {
  allowed: 's3://BUCKET/PREFIX or azure://CONTAINER/PREFIX, or empty',
  placeholder: 'URL',
  parse: (value) => {
    if (value === '') return null;
    const [, scheme, bucket, rest = ''] =
      /^(s3|azure):\/\/([a-z0-9][a-zA-Z0-9._-]{1,62})(\/[^\s?#\\\p{Cc}]*)?$/u.exec(value) ?? [];
    const prefix = rest.replace(/^\/|\/$/g, '');
    const steps = prefix === '' ? [] : prefix.split('/');
    const leads_elsewhere = steps.some((step) => step === '' || step === '.' || step === '..');
    if ((scheme !== 's3' && scheme !== 'azure') || bucket === undefined || leads_elsewhere) return undefined;
    return { url: [`${scheme}://${bucket}`, ...steps].join('/'), scheme, bucket, prefix };
  },
  show: (value) => value?.url ?? '',
};

export const port: Kind<number> = integer({ placeholder: 'PORT', min: 0, max: LARGEST_PORT });
