import type { Admin } from '../../admin/admin.ts';
import type { HttpAnswer, HttpCall, HttpHandler } from '../../admin/http-types.ts';
import type { JsonRpc } from './json-rpc.ts';

export interface RouterOptions {
  readonly admin: Admin;
  readonly rpc: JsonRpc;
}

const SERVICE = 'MetaService';
const ADMIN = 'http';

/** Sends each call to what serves its path. Slashes too many, and at the end, don't matter. */
export function router({ admin, rpc }: RouterOptions): HttpHandler {
  return (call) => {
    const [service, name, ...rest] = call.path.split('/').filter((part) => part !== '');
    if (service === SERVICE && name === ADMIN) return admin.answer(call, rest.join('/'));
    if (service === SERVICE && name !== undefined && rest.length === 0) return rpc.answer(call, name);
    return notFound(call);
  };
}

function notFound({ path }: HttpCall): HttpAnswer {
  const known = `/${SERVICE}/${ADMIN}/<operation>, /${SERVICE}/<method> and /health`;
  return { status: 404, contentType: 'text/plain', body: `nothing is served at ${path}; there are ${known}\n` };
}
