import { Agent, request as send } from 'node:http';
import type { Connect } from './transport.ts';

/** Binary messages in HTTP bodies, on one connection. */
export const overHttp: Connect = async (port) => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { 'content-type': 'application/proto' };
  return {
    call: (method, request) =>
      new Promise((resolve, reject) => {
        const path = `/MetaService/${method}`;
        const sent = send({ agent, host: '127.0.0.1', port, method: 'POST', path, headers }, (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
          response.on('end', () => {
            const body = Buffer.concat(parts);
            if (response.statusCode === 200) resolve(body);
            else reject(new Error(`${response.statusCode}: ${body}`));
          });
        });
        sent.on('error', reject).end(request);
      }),
    close: () => agent.destroy(),
  };
};
