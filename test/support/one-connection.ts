import { Agent, request } from 'node:http';

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>;
  /** With a body, even an empty one, it is a POST. */
  readonly body?: string;
}

/** Calls on one connection, which with workers is one worker's; those that are opened one after the other get to the workers in turn. */
export class OneConnection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly base: string) {}

  /** What is answered, as text, whatever its status. */
  ask(path: string, { headers = {}, body }: Asked = {}): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { agent: this.#agent, method: body === undefined ? 'GET' : 'POST', headers };
      const sent = request(`${this.base}${path}`, options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject).on('end', () => resolve(text));
      });
      sent.on('error', reject).end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
