import { isIP } from 'node:net';
import type { Kind } from '../../config/kind.ts';
import { usage } from '../command-error.ts';

/** A node as it is given on the command line: `be1=10.0.0.2:9050`, `fe1=10.0.0.1:9010:master`. */
export interface NodeSpec {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly role: string | undefined;
}

const ROLES = ['master', 'observer', 'follower'];
const SPEC = /^([^=\s]+)=(\[[0-9a-f:.]+\]|[^:\s[\]]+):(\d{1,5})(?::(\w+))?$/i;

export const nodeKind: Kind<NodeSpec> = {
  allowed: 'NAME=HOST:PORT, with :master, :observer or :follower behind it for a frontend',
  placeholder: 'NODE',
  parse: (text) => {
    const [, name = '', host = '', port = '', role] = SPEC.exec(text) ?? [];
    const number = Number(port);
    if (name === '' || number < 1 || number > 65_535) return undefined;
    if (role !== undefined && !ROLES.includes(role.toLowerCase())) return undefined;
    return { name, host: host.replace(/^\[|\]$/g, ''), port: number, role: role?.toUpperCase() };
  },
  show: ({ name, host, port }) => `${name}=${host}:${port}`,
};

export const NODE_MEANING =
  'A node, NAME=HOST:PORT: the heartbeat port of a backend; of a frontend the edit log port, and its role behind it, as in fe1=10.0.0.1:9010:master. NAME is the last part of its cloud_unique_id, or all of it';

/** The node in the words of the admin API. Throws a CommandError where its role does not fit the type of the cluster. */
export function nodeOf({ name, host, port, role }: NodeSpec, instance: string, type: string): object {
  const place = { cloud_unique_id: uniqueIdOf(name, instance), ...(isIP(host) === 0 ? { host } : { ip: host }) };
  if (type !== 'SQL') {
    if (role === undefined) return { ...place, heartbeat_port: port };
    throw usage(`${name}: a backend has no role: leave :${role.toLowerCase()} out`);
  }
  if (role !== undefined) return { ...place, edit_log_port: port, node_type: `FE_${role}` };
  throw usage(`${name}: the role of a frontend is needed, as in ${name}=${host}:${port}:follower`);
}

/** `be1` -> `1:demo:be1`; what has colons is taken for a whole id. */
export function uniqueIdOf(name: string, instance: string): string {
  return name.includes(':') ? name : `1:${instance}:${name}`;
}
