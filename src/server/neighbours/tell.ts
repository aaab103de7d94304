import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../observe/message-of.ts';
import type { ServiceRegistryPB_Item } from '../../schema/gen/cloud/registry_pb.ts';

const TRIES = 3;
const TIMEOUT_MS = 3_000;
const PAUSE_MS = 300;
/** No service answers more to this, and nothing of it is needed. */
const MOST_ANSWER_BYTES = 64 * 1024;

/**
 * Tells a service that the nodes of an instance have changed, so that it reads them anew. Resolves with undefined when it
 * has done so, and with why it has not otherwise.
 */
export async function tellToRefresh(item: ServiceRegistryPB_Item, instance_id: string): Promise<string | undefined> {
  let why = '';
  for (let tried = 1; ; tried++) {
    try {
      const problem = await ask(item, instance_id);
      if (problem === undefined) return undefined;
      why = problem;
    } catch (error) {
      why = messageOf(error);
    }
    if (tried === TRIES) return why;
    await sleep(PAUSE_MS);
  }
}

async function ask({ host, ip, port }: ServiceRegistryPB_Item, instance_id: string): Promise<string | undefined> {
  const name = host === '' ? ip : host;
  const response = await fetch(`http://${name.includes(':') ? `[${name}]` : name}:${port}/MetaService/alter_instance`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ instance_id, op: 'REFRESH' }),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await limited(response);
  if (response.ok && /"code"\s*:\s*"OK"/.test(text)) return undefined;
  return `it answered ${response.status}`;
}

async function limited(response: Response): Promise<string> {
  let text = '';
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece as Uint8Array).toString('utf8');
    if (text.length > MOST_ANSWER_BYTES) break;
  }
  return text;
}
