import type { Patience } from './patience.ts';

/** How messages get to one endpoint and back. */
export interface Transport {
  /**
   * Sends an encoded request once, and resolves with the encoded response.
   *
   * @throws {Failure} when there is none.
   */
  call(method: WireMethod, request: Uint8Array, patience: Patience): Promise<Uint8Array>;
  /** Ends its connections, with whatever is on them. */
  close(): void;
}

/** A method as its path names it. */
export interface WireMethod {
  readonly name: string;
  /** `MetaService`, for one. */
  readonly service: string;
  /** `doris.cloud.MetaService`, for one. */
  readonly full_service: string;
}

/** How connections are made. */
export interface TransportOptions extends TransportLimits {
  /** Whom TLS trusts, in PEM; undefined for those that Node.js trusts. */
  readonly tls_ca: string | Buffer | undefined;
}

/** What bounds each of the connections. */
export interface TransportLimits {
  readonly connect_timeout_ms: number;
  /** The largest response that is taken. */
  readonly max_message_bytes: number;
  /** Over HTTP/1, to each endpoint: each carries one call at a time, and further calls wait. */
  readonly max_connections: number;
}
