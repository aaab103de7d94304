/** Why the settings can't be used: one line a problem, each with where it came from and what is allowed. No secret is in it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}
