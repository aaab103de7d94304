import type { Admin } from '../../admin/admin.ts';
import type { HttpAnswer, HttpCall, HttpHandler } from '../../admin/http-types.ts';
import type { JsonRpc } from './json-rpc.ts';

export interface RouterOptions {
  readonly admin: Admin;
  readonly rpc: JsonRpc;
}

const RPCS = '/MetaService/';
const ADMIN = '/MetaService/http/';

/** Sends each call to what serves its path. Slashes too many, and at the end, don't matter. */
export function router({ admin, rpc }: RouterOptions): HttpHandler {
  return (call) => {
    const path = withoutExtraSlashes(call.path);
    if (path.startsWith(ADMIN)) return admin.answer(call, path.slice(ADMIN.length));
    if (path.startsWith(RPCS)) return rpc.answer(call, path.slice(RPCS.length));
    return notFound(call);
  };
}

function withoutExtraSlashes(path: string): string {
  if (!path.includes('//') && !path.endsWith('/')) return path;
  return path.replace(/\/+/g, '/').replace(/\/$/, '');
}

function notFound({ path }: HttpCall): HttpAnswer {
  const known = `${ADMIN}<operation>, ${RPCS}<method> and /health`;
  return { status: 404, contentType: 'text/plain', body: `nothing is served at ${path}; there are ${known}\n` };
}
