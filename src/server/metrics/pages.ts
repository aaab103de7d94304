import type { HttpAnswer, HttpCall, HttpHandler } from '../../admin/http-types.ts';
import { Query } from '../../admin/query.ts';
import { TokenCheck } from '../../admin/token.ts';
import type { Settings } from '../../config/settings.ts';
import type { Page } from '../pages.ts';
import { RecentFigures } from './bvars/recent.ts';
import { brpcMetricsText, matching, varsText } from './bvars/show-vars.ts';
import { serverPrefix, varsOf } from './bvars/vars.ts';
import { PROMETHEUS_TYPE, prometheusText } from './prometheus-text.ts';
import type { Snapshot } from './snapshot.ts';

export interface MetricsPagesOptions extends Pick<Settings, 'metrics_access' | 'http_token'> {
  /** The figures of the whole service. */
  readonly gather: () => Promise<Snapshot>;
  /** Where the service is reached: brpc has it in the names of its variables. */
  readonly port: () => number;
}

/** The pages with the figures of the service, for those who may read them, and what ends all that they keep. */
export function metricsPages(options: MetricsPagesOptions): { pages: readonly Page[]; stop(): void } {
  const { metrics_access, http_token, gather, port } = options;
  const recent = new RecentFigures(gather);
  const guard = metrics_access === 'token' ? withToken(http_token) : (page: HttpHandler) => page;
  const metrics = async (): Promise<HttpAnswer> => ({
    status: 200,
    contentType: PROMETHEUS_TYPE,
    body: await prometheusText(await gather()),
  });
  const brpcMetrics = async (): Promise<HttpAnswer> => ({
    ...PLAIN,
    body: brpcMetricsText(varsOf(await recent.look(), port()), serverPrefix(port())),
  });
  const vars = async ({ path, local }: HttpCall): Promise<HttpAnswer> => {
    const pattern = path.slice(VARS.length).replaceAll('/', '');
    const found = matching(varsOf(await recent.look(), port()), pattern);
    if (found.length > 0) return { ...PLAIN, body: varsText(found) };
    return { ...PLAIN, status: 404, body: `[${local}][E1002]Fail to find any bvar by \`${pattern}'` };
  };
  return {
    pages: [
      { path: '/metrics', answer: guard(metrics) },
      { path: '/brpc_metrics', answer: guard(brpcMetrics) },
      { path: VARS, below: true, answer: guard(vars) },
    ],
    stop: () => recent.stop(),
  };
}

const VARS = '/vars';
const PLAIN = { status: 200, contentType: 'text/plain' };

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
