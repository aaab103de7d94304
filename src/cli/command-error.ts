import { ExitCode } from './exit-code.ts';

/** Why a command came to nothing, with what to do about it, for whoever gave it. No secret is in it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    readonly code: ExitCode,
    message: string,
  ) {
    super(message);
  }
}

/** What is wrong with how a command was given. */
export function usage(message: string): CommandError {
  return new CommandError(ExitCode.Usage, message);
}
