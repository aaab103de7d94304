/** What the process tells its parent. */
export const ExitCode = {
  Done: 0,
  /** The server could not start, or was stopped by force. */
  Failed: 1,
  /** The command line or the settings are wrong: starting again changes nothing. */
  Usage: 2,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
