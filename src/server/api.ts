import type { HttpAnswer, HttpHandler } from '../admin/http-types.ts';
import type { Settings } from '../config/settings.ts';
import type { Page } from './pages.ts';

type ApiSettings = Pick<Settings, 'api_page' | 'admin_rules' | 'role' | 'metrics_access'>;

/** The page that describes the API, and what belongs to it. What makes it is loaded when it is first asked for. */
export function apiPages(settings: ApiSettings, version: string): Page {
  let loading: Promise<HttpHandler> | undefined;
  const load = async () => (await import('../openapi/api-page.ts')).apiPage({ ...settings, version });
  const answer: HttpHandler = async (call) => {
    loading ??= load();
    return (await loading)(call);
  };
  return { path: '/api', below: true, answer: settings.api_page ? answer : () => SWITCHED_OFF };
}

const SWITCHED_OFF: HttpAnswer = {
  status: 404,
  contentType: 'text/plain',
  body: 'the page that describes the API is switched off: api_page = false\n',
};
