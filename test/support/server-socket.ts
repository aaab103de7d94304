import { connect, type Socket } from 'node:net';

/** A TCP client without manners: sends exactly the bytes that it is told to, and keeps all that comes back. */
export class RawClient {
  #received = '';
  #ended = false;
  #onChange: (() => void)[] = [];

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => this.#change(() => (this.#received += chunk)));
    socket.on('close', () => this.#change(() => (this.#ended = true)));
    socket.on('error', () => undefined);
  }

  static connect(port: number, options: { allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', ...options });
      const client = new RawClient(socket);
      socket.once('connect', () => resolve(client));
      socket.once('error', reject);
    });
  }

  get received(): string {
    return this.#received;
  }

  send(bytes: string | Buffer): void {
    this.socket.write(bytes);
  }

  /** Everything that came, once the connection has ended. */
  async untilClosed(): Promise<string> {
    while (!this.#ended) await this.#next();
    return this.#received;
  }

  /** Everything that came so far, once it matches. Rejects when the connection ends before. */
  async until(pattern: RegExp | ((received: string) => boolean)): Promise<string> {
    const matches = pattern instanceof RegExp ? (received: string) => pattern.test(received) : pattern;
    while (!matches(this.#received)) {
      if (this.#ended) throw new Error(`the connection ended after ${JSON.stringify(this.#received)}`);
      await this.#next();
    }
    return this.#received;
  }

  close(): void {
    this.socket.destroy();
  }

  #change(change: () => void): void {
    change();
    for (const notify of this.#onChange.splice(0)) notify();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => this.#onChange.push(resolve));
  }
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Cuts what a RawClient received into answers, each of which must have a content-length. */
export function parseAnswers(received: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let rest = received;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [statusLine = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const status = Number(statusLine.split(' ')[1]);
    const length = status === 100 ? 0 : Number(headers['content-length']);
    const body = rest.slice(end + 4, end + 4 + length);
    if (end === -1 || Number.isNaN(length) || body.length < length)
      throw new Error(`no whole answer: ${JSON.stringify(rest)}`);
    answers.push({ status, headers, body });
    rest = rest.slice(end + 4 + length);
  }
  return answers;
}
