/** Where the heartbeat port of a backend is. */
export interface BackendAddress {
  readonly host: string;
  readonly heartbeat_port: number;
}

/** What a backend tells of itself. */
export interface BackendFacts {
  readonly be_port: number;
  readonly http_port: number;
  readonly brpc_port: number;
  readonly fragment_num: number;
  /** Milliseconds since 1970. */
  readonly last_fragment_update_ms: number;
}

/** A backend as the page shows it, in the order and under the names of a frontend. */
export interface BackendRow {
  readonly host: string;
  readonly heartbeatPort: number;
  readonly bePort: number;
  readonly httpPort: number;
  readonly brpcPort: number;
  readonly currentFragmentNum: number;
  readonly lastFragmentUpdateTime: number;
}

/** The backends of each cluster, by its id. */
export type ClusterRows = ReadonlyMap<string, readonly BackendRow[]>;

/** What a frontend shows of a backend that has not answered it yet. */
const NO_FACTS: BackendFacts = {
  be_port: -1,
  http_port: -1,
  brpc_port: -1,
  fragment_num: 0,
  last_fragment_update_ms: 0,
};

/** The row of a backend; without facts, that of one that has not answered. */
export function rowOf({ host, heartbeat_port }: BackendAddress, facts: BackendFacts = NO_FACTS): BackendRow {
  return {
    host,
    heartbeatPort: heartbeat_port,
    bePort: facts.be_port,
    httpPort: facts.http_port,
    brpcPort: facts.brpc_port,
    currentFragmentNum: facts.fragment_num,
    lastFragmentUpdateTime: facts.last_fragment_update_ms,
  };
}

/** A backend as logs and keys of maps name it: `10.0.0.1:9050`, `[::1]:9050`. */
export function nameOf({ host, heartbeat_port }: BackendAddress): string {
  return host.includes(':') ? `[${host}]:${heartbeat_port}` : `${host}:${heartbeat_port}`;
}
