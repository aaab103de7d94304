import type { Admin } from '../../admin/admin.ts';
import type { HttpAnswer, HttpCall, HttpHandler } from '../../admin/http-types.ts';
import type { JsonRpc } from './json-rpc.ts';

export interface RouterOptions {
  readonly admin: Admin;
  readonly rpc: JsonRpc;
  /** Whether the service can serve: its store is open and answers. */
  readonly healthy: () => Promise<boolean>;
}

const SERVICE = 'MetaService';
const ADMIN = 'http';

/** Sends each call to what serves its path. Slashes too many, and at the end, don't matter. */
export function router({ admin, rpc, healthy }: RouterOptions): HttpHandler {
  return (call) => {
    const [service, name, ...rest] = call.path.split('/').filter((part) => part !== '');
    if (service === SERVICE && name === ADMIN) return admin.answer(call, rest.join('/'));
    if (service === SERVICE && name !== undefined && rest.length === 0) return rpc.answer(call, name);
    if (service === 'health' && name === undefined) return health(healthy);
    return notFound(call);
  };
}

async function health(healthy: () => Promise<boolean>): Promise<HttpAnswer> {
  return (await healthy()) ? plain(200, 'OK\n') : plain(503, 'the store does not answer\n');
}

function notFound({ path }: HttpCall): HttpAnswer {
  const known = `/${SERVICE}/${ADMIN}/<operation>, /${SERVICE}/<method> and /health`;
  return plain(404, `nothing is served at ${path}; there are ${known}\n`);
}

function plain(status: number, body: string): HttpAnswer {
  return { status, contentType: 'text/plain', body };
}
