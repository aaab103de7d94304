import type { Admin } from '../../admin/admin.ts';
import type { HttpAnswer, HttpCall, HttpHandler } from '../../admin/http-types.ts';
import type { Services } from '../../rpc/service.ts';
import type { HttpRpc } from './http-rpc.ts';

export interface RouterOptions {
  readonly admin: Admin;
  readonly rpc: HttpRpc;
  readonly services: Services;
}

const ADMIN = '/MetaService/http/';

/** Sends each call to what serves its path. Slashes too many, and at the end, don't matter. */
export function router({ admin, rpc, services }: RouterOptions): HttpHandler {
  return (call) => {
    const path = withoutExtraSlashes(call.path);
    if (path.startsWith(ADMIN)) return admin.answer(call, path.slice(ADMIN.length));
    const [name, rest] = firstSegment(path);
    const service = services.get(name);
    return service === undefined ? notFound(call) : rpc.answer(call, service, rest);
  };
}

function withoutExtraSlashes(path: string): string {
  if (!path.includes('//') && !path.endsWith('/')) return path;
  return path.replace(/\/+/g, '/').replace(/\/$/, '');
}

/** `/MetaService/get_version` as `MetaService` and `get_version`. */
function firstSegment(path: string): readonly [string, string] {
  const slash = path.indexOf('/', 1);
  return slash === -1 ? [path.slice(1), ''] : [path.slice(1, slash), path.slice(slash + 1)];
}

function notFound({ path }: HttpCall): HttpAnswer {
  const known = `${ADMIN}<operation>, /MetaService/<method>, /health and /version`;
  return { status: 404, contentType: 'text/plain', body: `nothing is served at ${path}; there are ${known}\n` };
}
