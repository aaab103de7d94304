/** What the process tells its parent. docs/command-line.md says the same to operators. */
export const ExitCode = {
  Done: 0,
  /** Something that should not happen; of `serve`, that it could not start or was stopped by force. */
  Failed: 1,
  /** The command line, the profile or the settings are wrong: trying again changes nothing. */
  Usage: 2,
  /** The service answered, and refused. */
  Refused: 3,
  /** What was asked for is not there. */
  NotFound: 4,
  /** No answer: nobody reached, too busy, or too late. */
  Unreachable: 5,
  /** The token is not the one of the service. */
  Unauthorised: 6,
  /** Whoever was asked did not say yes. */
  Aborted: 7,
  /** The service that was asked has no such operation. */
  Unsupported: 8,
  /** What was checked is not in order. */
  Unsound: 9,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
