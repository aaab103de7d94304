import type { Kind } from '../../config/kind.ts';
import { type LoadedSettings, MASK } from '../../config/load.ts';
import { SETTING_NAMES, SETTINGS } from '../../config/settings.ts';
import { showSettings } from '../../config/show.ts';
import { command, type Noun } from '../program/command.ts';
import type { Report } from '../show/report.ts';

const show = command({
  name: 'show',
  summary: 'Show the settings in effect and where each came from',
  details: 'It takes the flags, the environment and the file that the service would take. Secrets are shown as ******.',
  settings: 'all',
  examples: [
    { does: 'What a service with this file would run with', line: 'nereus config show --config nereus.conf' },
    { does: 'One setting, for a script', line: 'nereus config show --json | jq -r .settings.data_dir.value' },
  ],
  run: async (_given, context) => {
    const { loaded } = context;
    for (const warning of loaded.warnings) context.note(warning);
    return shownSettings(loaded);
  },
});

const check = command({
  name: 'check',
  summary: 'Check whether the service would start with these settings',
  details:
    'Every problem is told on a line of its own, with where it was given and what is allowed, and ends it with 2. Paths, ports and the store are not tried.',
  settings: 'all',
  examples: [
    { does: 'Before a restart', line: 'nereus config check --config nereus.conf && systemctl restart nereus' },
  ],
  run: async (_given, { loaded: { warnings } }) => ({
    json: { valid: true, warnings },
    text: () => [...warnings.map((warning) => `warning: ${warning}`), 'the settings are valid'].join('\n'),
  }),
});

function shownSettings(loaded: LoadedSettings): Report {
  const settings = SETTING_NAMES.map((name) => {
    const { secret, kind }: { secret: boolean; kind: Kind<unknown> } = SETTINGS[name];
    const value = secret ? MASK : kind.show(loaded.settings[name]);
    return [name, { value, from: loaded.origins.get(name) }];
  });
  const json = { settings: Object.fromEntries(settings), warnings: loaded.warnings };
  return { json, text: () => showSettings(loaded) };
}

/** `nereus config`: the settings of the service on this machine. */
export const config: Noun = {
  name: 'config',
  summary: 'The settings that a service would run with',
  commands: [show, check],
  alone: 'show',
};
