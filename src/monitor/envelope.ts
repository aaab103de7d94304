import type { HttpAnswer } from '../admin/http-types.ts';
import type { ClusterRows } from './backend-row.ts';

/** The codes of a frontend's answers. All of them come with HTTP 200. */
export const FrontendCode = {
  ok: 0,
  error: 1,
  unauthorized: 401,
  bad_request: 403,
  not_found: 404,
  internal: 500,
} as const;
export type FrontendCode = (typeof FrontendCode)[keyof typeof FrontendCode];

const MESSAGES: Readonly<Record<FrontendCode, string>> = {
  [FrontendCode.ok]: 'success',
  [FrontendCode.error]: 'Error',
  [FrontendCode.unauthorized]: 'Unauthorized',
  [FrontendCode.bad_request]: 'Bad Request',
  [FrontendCode.not_found]: 'Not Found',
  [FrontendCode.internal]: 'Internal Error',
};

/** A refusal as a frontend words it: the general message, and why as the data. */
export function refusal(code: Exclude<FrontendCode, 0>, why: string): HttpAnswer {
  return reply(MESSAGES[code], code, why);
}

/** The backends of all clusters, or, with `faults`, those that are known in spite of them. */
export function clusterStatus(clusters: ClusterRows, faults: readonly string[]): HttpAnswer {
  const data = Object.fromEntries(clusters);
  if (faults.length === 0) return reply(MESSAGES[FrontendCode.ok], FrontendCode.ok, data);
  return reply(faults.join('; '), FrontendCode.error, data);
}

function reply(msg: string, code: FrontendCode, data: unknown): HttpAnswer {
  // Frontends count nothing either.
  const body = `${JSON.stringify({ msg, code, data, count: 0 }, undefined, 4)}\n`;
  return { status: 200, contentType: 'application/json', body };
}
