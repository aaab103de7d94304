import { CONFIG_VARIABLE, variableOf } from '../config/environment.ts';
import { settingsHelp } from '../config/show.ts';

/** What `--help` prints. */
export function helpText(version: string): string {
  return `nereus ${version}: a Meta Service for Apache Doris with an embedded, crash-safe store

Usage: nereus [COMMAND] [--name VALUE | --name=VALUE ...]

Commands:
  serve     run the service (what happens without a command)
  config    show the settings in effect and where each came from
  restore   load the keys and values of another store into an empty one, as --pairs says

Every setting is a flag, an environment variable (${variableOf('data_dir')} for --data-dir), and a line in the
settings file (data_dir = DIR). A flag wins over a variable, a variable over the file.

General:
  --config FILE
      The settings file, in the form of doris_cloud.conf. Also ${CONFIG_VARIABLE}.
  --help, --version

Restore:
  --pairs FILE
      The keys and values to load: a JSON list of pairs in hex, [["KEY", "VALUE"], ["KEY", "VALUE"]],
      of a store of Doris 3.0 or of Nereus. The store in --data-dir must be empty, and no service may
      run on it. Later transaction ids are above all that the pairs hold. When a pair is damaged, its
      line is told and nothing is restored.

${settingsHelp()}
`;
}
