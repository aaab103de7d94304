import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type FrontendOutcome, fault, readFrontendAnswer } from './read-answer.ts';

/** The name that every version of Doris has for the page. */
const PATH = '/rest/v2/manager/cluster/cluster_info/cloud_cluster_status';
/** As much as the rows of all backends that are shown may have. */
const MOST_BODY_BYTES = 2 * 1024 * 1024;

export interface AskFrontendOptions {
  readonly port: number;
  /** The caller's header, which goes to the frontend and nowhere else. */
  readonly authorization: string;
  /** For the whole answer. */
  readonly timeout_ms: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Asks one frontend for the state of its clusters. Never rejects: what goes wrong is an outcome, too. */
export async function askFrontend(host: string, options: AskFrontendOptions): Promise<FrontendOutcome> {
  const { port, timeout_ms, signal } = options;
  const frontend = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const timeout = AbortSignal.timeout(timeout_ms);
  try {
    const response = await responseOf(host, options, AbortSignal.any([timeout, signal]));
    if (response.statusCode !== 200) {
      response.destroy();
      // Not even a redirect is followed: it would take the caller's password wherever it says.
      return fault(`${frontend} answered HTTP ${response.statusCode}`);
    }
    const body = await bodyOf(response);
    if (body === undefined) return fault(`${frontend} answered more than ${MOST_BODY_BYTES} bytes`);
    return readFrontendAnswer(body, frontend);
  } catch (error) {
    if (timeout.aborted) return fault(`${frontend} did not answer within ${timeout_ms} ms`);
    if (signal.aborted) return fault(`${frontend} was not waited for`);
    return fault(`${frontend} can not be asked: ${reasonOf(error)}`);
  }
}

async function responseOf(
  host: string,
  { port, authorization }: AskFrontendOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const headers = { authorization, accept: 'application/json' };
  const request = get({ host, port, path: PATH, agent: false, headers, signal });
  // What breaks once the response has begun is seen where its body is read.
  request.on('error', () => undefined);
  const [response] = await once(request, 'response');
  return response;
}

/** The whole body as text, or undefined when it is too large, after which the connection is gone. */
async function bodyOf(response: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size_bytes = 0;
  for await (const chunk of response) {
    size_bytes += chunk.length;
    if (size_bytes > MOST_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function reasonOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name;
}
