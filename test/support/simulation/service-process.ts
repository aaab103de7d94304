import { join } from 'node:path';
import { type SpawnedServer, spawnServer, workersOf } from '../run-server.ts';
import { until } from '../until.ts';
import { errorsOf, isAlive } from './processes.ts';
import { type AnswerOf, CallLost, codeName, type MethodName, type RequestOf, RpcClient } from './rpc-client.ts';

export interface Answered<Name extends MethodName> {
  readonly answer: AnswerOf<Name>;
  /** Whether it had to be asked again, so that an earlier call may have done the work. */
  readonly resent: boolean;
}

/** Answers that ask to be asked again: the store could not do it now, or does not know whether it did. */
const TRY_AGAIN: ReadonlySet<string> = new Set([
  'KV_TXN_CONFLICT_RETRY_EXCEEDED_MAX_TIMES',
  'KV_TXN_CONFLICT',
  'KV_TXN_COMMIT_ERR',
  'KV_TXN_TOO_OLD',
]);
const MOST_TRIES = 20;

/** A service in processes of its own, which can be killed and started again under those who call it. */
export class ServiceProcess {
  /** Calls that were sent, and those of them whose answer was lost or asked for another try. */
  calls = 0;
  lost = 0;
  refused = 0;
  crashes = 0;
  /** How many workers were killed, and have not been replaced yet. */
  #killed = 0;
  readonly #runs: SpawnedServer[] = [];
  #server: SpawnedServer;
  #client: Promise<RpcClient>;

  constructor(
    private readonly dir: string,
    private readonly args: readonly string[],
    private readonly environment: Readonly<Record<string, string>> = {},
  ) {
    this.#server = this.#spawn();
    this.#client = this.#connect();
  }

  get data_dir(): string {
    return join(this.dir, 'data');
  }

  /** Calls once. While the service is down, waits until it is up again. Rejects with a CallLost when the answer is lost. */
  async call<Name extends MethodName>(name: Name, request: RequestOf<Name>): Promise<AnswerOf<Name>> {
    const { crashes } = this;
    const wasKilled = this.#killed > 0;
    const client = await this.#client;
    this.calls++;
    try {
      return await client.call(name, request);
    } catch (error) {
      if (!(error instanceof CallLost)) throw error;
      if (crashes === this.crashes && !wasKilled)
        throw new Error(`a call was lost though nothing was killed: ${error.message}`);
      this.lost++;
      throw error;
    }
  }

  /** Calls until there is an answer. For calls that may be repeated. */
  async insist<Name extends MethodName>(name: Name, request: RequestOf<Name>): Promise<Answered<Name>> {
    for (let tries = 1; ; tries++) {
      try {
        const answer = await this.call(name, request);
        if (tries === MOST_TRIES || !TRY_AGAIN.has(codeName(answer))) return { answer, resent: tries > 1 };
        this.refused++;
      } catch (error) {
        if (!(error instanceof CallLost)) throw error;
      }
    }
  }

  async admin(operation: string, body: unknown): Promise<void> {
    await (await this.#client).admin(operation, 'greedisgood9999', body);
  }

  /** `http://127.0.0.1:PORT`, where it serves now. */
  async base(): Promise<string> {
    await this.#client;
    return this.#server.base();
  }

  /** Kills one of its workers, which the service itself replaces: calls to that one are lost, others are not. */
  async killWorker(): Promise<void> {
    await this.#client;
    const server = this.#server;
    const workers = workersOf(server);
    const [worker] = workers.filter(isAlive);
    if (worker === undefined) throw new Error('there is no worker to kill');
    this.crashes++;
    this.#killed++;
    process.kill(worker, 'SIGKILL');
    await until(() => workersOf(server).length > workers.length, {
      what: 'a worker takes the place of one that was killed',
    });
    this.#killed--;
  }

  /**
   * Kills the service and starts it again. Calls in flight are lost, later ones wait. When its workers are left alone, they
   * answer what they have, and end by themselves.
   */
  async crash({ workers = true } = {}): Promise<void> {
    const client = await this.#client;
    this.crashes++;
    this.#client = this.#restart(workers);
    // Whoever waits for it gets its error too.
    this.#client.catch(() => undefined);
    await this.#client;
    client.close();
  }

  /** Stops the service in order. Throws when it does not end well. */
  async stop(): Promise<void> {
    (await this.#client).close();
    this.#server.child.kill('SIGTERM');
    const code = await this.#server.exited;
    if (code !== 0) throw new Error(`the service ended with ${code}: ${this.#lastWords()}`);
  }

  /** Ends the process however it stands. */
  dispose(): Promise<void> {
    return this.#kill(true);
  }

  /** What all of its runs have logged as errors: those are defects of the service. */
  errors(): string[] {
    return this.#runs.flatMap(errorsOf);
  }

  /** All that its runs have written. */
  output(): string {
    return this.#runs.map((run) => Object.values(run.output()).join('')).join('');
  }

  async #restart(workers: boolean): Promise<RpcClient> {
    await this.#kill(workers);
    this.#server = this.#spawn();
    return this.#connect();
  }

  async #kill(workersToo: boolean): Promise<void> {
    const workers = workersOf(this.#server);
    this.#server.child.kill('SIGKILL');
    if (workersToo) for (const worker of workers.filter(isAlive)) process.kill(worker, 'SIGKILL');
    await this.#server.exited;
    await until(() => !workers.some(isAlive), { what: 'the workers of a killed service end' });
  }

  #spawn(): SpawnedServer {
    const run = spawnServer(['--listen', '127.0.0.1:0', '--data-dir', this.data_dir, ...this.args], this.environment);
    this.#runs.push(run);
    return run;
  }

  async #connect(): Promise<RpcClient> {
    return new RpcClient(await this.#server.base());
  }

  #lastWords(): string {
    const { stdout, stderr } = this.#server.output();
    return `${stdout}${stderr}`.slice(-2_000);
  }
}
