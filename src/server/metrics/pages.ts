import type { HttpAnswer, HttpCall, HttpHandler } from '../../admin/http-types.ts';
import { Query } from '../../admin/query.ts';
import { TokenCheck } from '../../admin/token.ts';
import type { Settings } from '../../config/settings.ts';
import type { Pages } from '../pages.ts';
import { PROMETHEUS_TYPE, prometheusText } from './prometheus-text.ts';
import type { Snapshot } from './snapshot.ts';

export interface MetricsPagesOptions extends Pick<Settings, 'metrics_access' | 'http_token'> {
  /** The figures of the whole service. */
  readonly gather: () => Promise<Snapshot>;
}

/** The pages with the figures of the service, for those who may read them. */
export function metricsPages({ metrics_access, http_token, gather }: MetricsPagesOptions): Pages {
  const guard = metrics_access === 'token' ? withToken(http_token) : (page: HttpHandler) => page;
  const metrics = async (): Promise<HttpAnswer> => ({
    status: 200,
    contentType: PROMETHEUS_TYPE,
    body: await prometheusText(await gather()),
  });
  return { '/metrics': guard(metrics) };
}

const BEARER = /^Bearer +(\S+) *$/i;
const REFUSED: HttpAnswer = {
  status: 401,
  contentType: 'text/plain',
  headers: { 'www-authenticate': 'Bearer' },
  body: 'metrics_access = token: give http_token as ?token=TOKEN, or as the header Authorization: Bearer TOKEN\n',
};

function withToken(http_token: string): (page: HttpHandler) => HttpHandler {
  const check = new TokenCheck(http_token);
  const given = ({ headers, query }: HttpCall) =>
    BEARER.exec(headers.authorization ?? '')?.[1] ?? new Query(query).decoded('token');
  return (page) => (call) => (check.matches(given(call)) ? page(call) : REFUSED);
}
