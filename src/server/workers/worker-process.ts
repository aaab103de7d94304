// A worker: a process that serves the connections which its supervisor accepts, and ends with it.
import { Socket } from 'node:net';
import { SOCKET_OPTIONS } from '../../net/listener.ts';
import { createLogger, type Logger } from '../../observe/logger.ts';
import { DescriptorSink } from '../../observe/standard-output.ts';
import { BorrowedTokens } from '../../rpc/limits/borrowed-tokens.ts';
import { keepRunning } from '../keep-running.ts';
import type { Snapshot } from '../metrics/snapshot.ts';
import { type Service, startService } from '../service.ts';
import { StartError } from '../start-error.ts';
import type { FromWorker, Start, ToWorker } from './messages.ts';

/** How long the ends of connections are gathered before the supervisor is told. */
const TELL_ENDED_AFTER_MS = 20;

// The supervisor masks the secrets in what goes to its log.
const sink = new DescriptorSink(process.stdout.fd);
let starting: Promise<Service | undefined> | undefined;
let service: Service | undefined;
let stopping = false;
let ended = 0;
/** The connections that it got and has not told the end of. */
let held = 0;
/** Those who wait for the tokens that they have borrowed, by name. */
const borrowers = new Map<string, (tokens: number) => void>();
const tokens = new BorrowedTokens((name, per_second, wanted) => {
  // The calls in flight come to their end without a supervisor, too.
  if (!process.connected) return Promise.resolve(wanted);
  void tell({ kind: 'borrow', name, per_second, wanted });
  return new Promise((resolve) => borrowers.set(name, resolve));
});

/** Those who wait for the figures of all workers; without a supervisor they get none. */
const gathering: ((snapshot: Snapshot | undefined) => void)[] = [];

// A terminal's Ctrl-C reaches every process of the service. A worker ends when its supervisor says so, or is gone.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', onDisconnect);
process.on('message', (message: ToWorker, handle: unknown) => {
  if (message.kind === 'start') starting = start(message);
  else if (message.kind === 'serving') service?.serving(message.port);
  else if (message.kind === 'stop') void stop();
  else if (message.kind === 'ping') void tell({ kind: 'alive', connections: held });
  else if (message.kind === 'lent') lent(message.name, message.tokens);
  else if (message.kind === 'collect') void tellFigures();
  else if (message.kind === 'gathered') gathered(message.snapshot);
  else accept(handle);
});

async function start({ settings, version, store_group, worker }: Start): Promise<Service | undefined> {
  const logger = createLogger({ level: settings.log_level, sink }).with({ worker });
  try {
    const figures = { worker, gather };
    service = await startService({ settings, logger, version, store_group, tokens, figures, onStoreBroken: leave });
  } catch (error) {
    await tell({ kind: 'failed', reason: reasonOf(error, logger) });
    await sink.flush();
    process.exit(1);
  }
  keepRunning(logger);
  logger.info('worker ready', { pid: process.pid });
  await tell({ kind: 'ready' });
  return service;
}

/** The supervisor is gone. If that was while it stopped the service, it was not to be waited for any longer. */
function onDisconnect(): void {
  if (stopping) {
    void sink.flush().then(() => process.exit(1));
    return;
  }
  gathered(undefined);
  for (const name of [...borrowers.keys()]) lent(name, Number.MAX_SAFE_INTEGER);
  void stop();
}

function lent(name: string, count: number): void {
  const resolve = borrowers.get(name);
  borrowers.delete(name);
  resolve?.(count);
}

async function tellFigures(): Promise<void> {
  if (service !== undefined) await tell({ kind: 'collected', snapshot: await service.collect() });
}

/** The figures of all workers, or those of this one when there is no supervisor any more. */
async function gather(own: () => Promise<Snapshot>): Promise<Snapshot> {
  if (!process.connected) return own();
  if (gathering.length === 0) void tell({ kind: 'gather' });
  return (await new Promise<Snapshot | undefined>((resolve) => gathering.push(resolve))) ?? own();
}

function gathered(snapshot: Snapshot | undefined): void {
  for (const resolve of gathering.splice(0)) resolve(snapshot);
}

/** Takes a connection over, unless its peer was gone before it came here. */
function accept(handle: unknown): void {
  held++;
  if (!(handle instanceof Socket) || service === undefined) {
    countEnded();
    return;
  }
  handle.allowHalfOpen = SOCKET_OPTIONS.allowHalfOpen;
  handle.once('close', countEnded);
  service.accept(handle);
}

function countEnded(): void {
  ended++;
  if (ended > 1) return;
  setTimeout(() => {
    void tell({ kind: 'ended', connections: ended });
    held -= ended;
    ended = 0;
  }, TELL_ENDED_AFTER_MS).unref();
}

/** Makes room for another worker, which opens the store again. */
function leave(): void {
  void tell({ kind: 'leaving' });
  void stop(1);
}

async function stop(code = 0): Promise<void> {
  stopping = true;
  await starting;
  await service?.stop();
  await sink.flush();
  process.exit(code);
}

/** Resolves when the message is out, or when there is nobody to get it. */
function tell(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, {}, () => resolve());
  });
}

function reasonOf(error: unknown, logger: Logger): string {
  if (error instanceof StartError) return error.message;
  logger.error('a worker could not be started', { error });
  return 'an error that should not happen, see the log';
}
