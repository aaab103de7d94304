import type { LoadedSettings } from '../config/load.ts';
import { type Settings, secretsIn } from '../config/settings.ts';
import { createLogger } from '../observe/logger.ts';
import { openSink } from '../observe/open-sink.ts';
import type { Sink } from '../observe/sink.ts';
import { keepRunning } from '../server/keep-running.ts';
import { type RunningServer, startServer } from '../server/server.ts';
import { StartError } from '../server/start-error.ts';
import { startSupervisor } from '../server/workers/supervisor.ts';
import { ExitCode } from './exit-code.ts';
import { watchSignals } from './signals.ts';
import type { Terminal } from './terminal.ts';

const MIB = 1024 * 1024;

/** Runs the service until a signal stops it. A second signal ends the process without waiting. */
export async function serve(loaded: LoadedSettings, terminal: Terminal, version: string): Promise<ExitCode> {
  const { settings, warnings } = loaded;
  let sink: Sink;
  try {
    sink = openLogs(settings);
  } catch (error) {
    terminal.err(`nereus: log_dir ${settings.log_dir} can't be written to: ${(error as NodeJS.ErrnoException).code}\n`);
    return ExitCode.Failed;
  }
  const logger = createLogger({ level: settings.log_level, sink });
  for (const warning of warnings) logger.warn(warning);

  const signals = watchSignals(() => {
    logger.fatal('stopped by a second signal, without waiting for what was in flight');
    void sink.flush().then(() => process.exit(ExitCode.Failed));
  });
  let onStoreBroken: () => void = () => undefined;
  const broken = new Promise<'broken'>((resolve) => {
    onStoreBroken = () => resolve('broken');
  });
  let server: RunningServer;
  try {
    const start = settings.workers > 1 ? startSupervisor : startServer;
    server = await start({ settings, logger, sink, version, onStoreBroken });
  } catch (error) {
    const reason = error instanceof StartError ? error.message : 'an error that should not happen, see the log';
    logger.fatal(`not started: ${reason}`, error instanceof StartError ? undefined : { error });
    await sink.flush();
    terminal.err(`nereus: ${reason}\n`);
    return ExitCode.Failed;
  }
  keepRunning(logger);
  const why = await Promise.race([signals.first, broken]);
  logger.info('stopping', why === 'broken' ? {} : { signal: why });
  await server.stop();
  await sink.flush();
  // Whoever keeps the service running starts it again after a failure, which opens the store again.
  return why === 'broken' ? ExitCode.Failed : ExitCode.Done;
}

function openLogs(settings: Settings): Sink {
  return openSink({
    format: settings.log_format,
    dir: settings.log_dir,
    file_bytes: settings.log_size_mb * MIB,
    files: settings.log_filenum_quota,
    secrets: secretsIn(settings),
  });
}
