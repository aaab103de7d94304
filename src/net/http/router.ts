import type { Admin } from '../../admin/admin.ts';
import type { HttpAnswer, HttpCall, HttpHandler } from '../../admin/http-types.ts';
import type { RecyclerAdmin } from '../../admin/recycling/recycler-admin.ts';
import type { Services } from '../../rpc/service.ts';
import type { HttpRpc } from './http-rpc.ts';

export interface RouterOptions {
  /** Undefined in a process that recycles, and does nothing else. */
  readonly admin: Admin | undefined;
  readonly recycler: RecyclerAdmin;
  readonly rpc: HttpRpc;
  readonly services: Services;
  /** What else is served, by its path. */
  readonly pages: ReadonlyMap<string, HttpHandler>;
}

const ADMIN = '/MetaService/http/';
const RECYCLER = '/RecyclerService/http/';

/** Sends each call to what serves its path. Slashes too many, and at the end, don't matter. */
export function router({ admin, recycler, rpc, services, pages }: RouterOptions): HttpHandler {
  const notFound = ({ path }: HttpCall): HttpAnswer => {
    const own = admin === undefined ? '' : `${ADMIN}<operation>, /MetaService/<method>, `;
    const known = `${own}${RECYCLER}<operation>, ${[...pages.keys()].map((page) => `${page}, `).join('')}/api, /health, /metrics, /brpc_metrics, /vars and /version`;
    return { status: 404, contentType: 'text/plain', body: `nothing is served at ${path}; there are ${known}\n` };
  };
  return (call) => {
    const path = withoutExtraSlashes(call.path);
    if (admin !== undefined && path.startsWith(ADMIN)) return admin.answer(call, path.slice(ADMIN.length));
    if (path.startsWith(RECYCLER)) return recycler.answer(call, path.slice(RECYCLER.length));
    const [name, rest] = firstSegment(path);
    const service = services.get(name);
    return service === undefined ? (pages.get(path) ?? notFound)(call) : rpc.answer(call, service, rest);
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
