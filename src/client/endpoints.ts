/** Where a service listens. */
export interface Endpoint {
  /** The name or the address, an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Whether it is spoken to by TLS. */
  readonly tls: boolean;
  /** `host:port`, as in a URL. */
  readonly text: string;
}

const URL_OF_ENDPOINT = /^(?:http(s)?:\/\/)?(\[[0-9a-f:.]+\]|[^\s:/?#@[\]]+):(\d{1,5})\/?$/i;

/** Reads `http://host:port`, `https://host:port` or `host:port`. Throws a TypeError, without quoting what may hold a password. */
export function readEndpoint(text: string): Endpoint {
  const [, s, host = '', digits = ''] = URL_OF_ENDPOINT.exec(text) ?? [];
  const port = Number(digits);
  if (host === '' || port < 1 || port > 65_535) {
    throw new TypeError('an endpoint is http://host:port, https://host:port or host:port, with nothing behind it');
  }
  return { host: host.replace(/^\[|\]$/g, ''), port, tls: s !== undefined, text: `${host}:${port}` };
}

/**
 * What a client has for each of its endpoints. All calls use the same one, the first to begin with, until it is left;
 * then the next.
 */
export class Rotation<Target> {
  readonly #targets: readonly Target[];
  #current = 0;

  /** Of one target at least. */
  constructor(targets: readonly Target[]) {
    this.#targets = targets;
  }

  get size(): number {
    return this.#targets.length;
  }

  get all(): readonly Target[] {
    return this.#targets;
  }

  get current(): Target {
    return this.#targets[this.#current] as Target;
  }

  /** Goes on to the next, unless another call has left this one already. */
  leave(target: Target): void {
    if (target === this.current) this.#current = (this.#current + 1) % this.#targets.length;
  }
}
