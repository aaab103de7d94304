import type { HttpAnswer, HttpHandler } from '../../admin/http-types.ts';
import { readRequestId } from '../../rpc/call-origin.ts';

/** By which a caller knows its call, in its request and in the answer. */
export const REQUEST_ID = 'x-request-id';

/** Gives each caller the id back that it has given its call. */
export function withRequestIds(handler: HttpHandler): HttpHandler {
  return (call) => {
    const given = call.headers[REQUEST_ID];
    const id = typeof given === 'string' ? readRequestId(given) : undefined;
    if (id === undefined) return handler(call);
    const answer = handler(call);
    return answer instanceof Promise ? answer.then((later) => named(later, id)) : named(answer, id);
  };
}

function named(answer: HttpAnswer, id: string): HttpAnswer {
  return { ...answer, headers: { ...answer.headers, [REQUEST_ID]: id } };
}
