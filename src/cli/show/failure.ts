import { AdminError, ClientError, MetaServiceCode, ServiceError } from '../../client/client.ts';
import { SettingsError } from '../../config/settings-error.ts';
import { CommandError } from '../command-error.ts';
import { ExitCode } from '../exit-code.ts';

/** How a command failed: for the exit code, for people, and for programs. */
export interface FailureShown {
  readonly code: ExitCode;
  /** One problem a line. */
  readonly lines: readonly string[];
  /** What a program may want to know beside it. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What to show of an error, or undefined for a defect of ours. */
export function failureOf(error: unknown, aboutToken: () => string): FailureShown | undefined {
  if (error instanceof CommandError) return { code: error.code, lines: error.message.split('\n'), facts: {} };
  if (error instanceof SettingsError) return { code: ExitCode.Usage, lines: error.problems, facts: {} };
  if (!(error instanceof ClientError)) return undefined;
  const { method, endpoint, maybe_executed } = error;
  const code = codeOf(error);
  const facts = { method, endpoint, maybe_executed, ...wordOf(error) };
  return { code, lines: [textOf(error, code, aboutToken)], facts };
}

function codeOf(error: ClientError): ExitCode {
  if (error instanceof AdminError) {
    if (error.code === 'FORBIDDEN') return ExitCode.Unauthorised;
    return error.http_status === 404 || saysMissing(error.msg) ? ExitCode.NotFound : ExitCode.Refused;
  }
  if (error instanceof ServiceError) {
    return (MetaServiceCode[error.code] ?? '').endsWith('_NOT_FOUND') ? ExitCode.NotFound : ExitCode.Refused;
  }
  if (error.kind === 'unavailable' || error.kind === 'busy' || error.kind === 'deadline') return ExitCode.Unreachable;
  return error.kind === 'bad_request' ? ExitCode.Refused : ExitCode.Failed;
}

/** The admin API answers 500 for most of what it does not find, and says so in words alone. */
function saysMissing(msg: string): boolean {
  return /\bnot (found|exists?)\b|KEY_?NOT_?FOUND|does ?n[o']t exist|no such\b/i.test(msg);
}

function wordOf(error: ClientError): object {
  if (error instanceof AdminError)
    return { kind: error.kind, service_code: error.code, http_status: error.http_status };
  if (error instanceof ServiceError)
    return { kind: error.kind, service_code: MetaServiceCode[error.code] ?? error.code };
  return { kind: error.kind };
}

function textOf(error: ClientError, code: ExitCode, aboutToken: () => string): string {
  if (code === ExitCode.Unauthorised) return `${error.message}; ${aboutToken()}`;
  if (code !== ExitCode.Unreachable) return error.message;
  const doubt = error.maybe_executed ? '; it may have been done all the same, so look before you try again' : '';
  return `${error.message}${doubt || '; see --endpoint and whether the service runs'}`;
}
