import { CONFIG_VARIABLE, variableOf } from './environment.ts';
import { flagOf } from './flags.ts';
import type { Kind } from './kind.ts';
import { type LoadedSettings, MASK } from './load.ts';
import { REFERENCE_NAMES } from './reference-names.ts';
import { SECTIONS, type Setting } from './setting.ts';
import { SETTING_NAMES, SETTINGS, type SettingName } from './settings.ts';

const HELP_WIDTH = 100;

/** What `--help` says about settings. */
export function settingsHelp(): string {
  return SECTIONS.map((section) => {
    const entries = namesOf(section).map((name) => {
      const { kind, meaning, secret, serve_flag }: Setting<unknown> = SETTINGS[name];
      const other = serve_flag === undefined ? '' : `, or --${serve_flag}`;
      const file = secret ? `, or ${flagOf(name)}-file FILE` : '';
      const text = `${plain(meaning)} Default: ${shownDefault(name)}.`;
      return `  ${flagOf(name)} ${kind.placeholder}${other}${file}\n${wrap(text, '      ')}`;
    });
    return `${section}:\n${entries.join('\n')}`;
  }).join('\n\n');
}

/** The settings in effect, a line each, in the form of the settings file, with where each came from. Secrets are masked. */
export function showSettings({ settings, origins }: LoadedSettings): string {
  return SETTING_NAMES.map((name) => {
    const kind: Kind<unknown> = SETTINGS[name].kind;
    const value = SETTINGS[name].secret ? MASK : kind.show(settings[name]);
    return `# ${origins.get(name)}\n${`${name} = ${value}`.trimEnd()}`;
  }).join('\n');
}

/** docs/configuration.md, whole. */
export function configurationPage(): string {
  return `${PAGE_HEAD}
${SECTIONS.map(sectionTable).join('\n\n')}

## Names that are accepted without effect

A \`doris_cloud.conf\` in use can be given as it is. These names of it are accepted in the file, and the log names them at
the start. \`use_mem_kv = true\` and \`enable_kms = true\` are refused, since data would be treated in another way than the file asks for.

${REFERENCE_NAMES.map(({ why, names }) => `- ${upperFirst(why)}: ${names.map((name) => `\`${name}\``).join(', ')}.`).join('\n')}
`;
}

const PAGE_HEAD = `# Configuration

<!-- Written from the table in src/config/settings.ts: npx vitest run src/config/show.test.ts -u -->

A setting can be given in four places. The first of them that has it wins:

1. a flag: \`--data-dir DIR\` or \`--data-dir=DIR\`;
2. an environment variable: \`${variableOf('data_dir')}=DIR\`; an empty one counts as not given;
3. the settings file, named by \`--config FILE\` or \`${CONFIG_VARIABLE}=FILE\`: \`data_dir = DIR\`, one setting a line, comments on
   lines that begin with \`#\`, \`\${NAME}\` for an environment variable;
4. its default.

The file has the form of \`doris_cloud.conf\`, and a setting marked "Doris" has the name and the meaning of the one there.
A wrong name or a value that is not allowed stops the start, with exit code 2 and a line that says where it was given and
what is allowed. \`nereus config\` shows the settings in effect and where each came from.

A secret is shown as \`******\` everywhere. It can also be read from a file, which keeps it out of the list of processes: for \`http_token\`, give
\`--http-token-file FILE\`, \`${variableOf('http_token_file')}=FILE\`, or \`http_token_file = FILE\`. Line ends after it are left out.
`;

function sectionTable(section: string): string {
  const rows = namesOf(section).map((name) => {
    const { kind, meaning, reference, secret, serve_flag }: Setting<unknown> = SETTINGS[name];
    const marks = [...(reference ? ['Doris'] : []), ...(secret ? ['secret'] : [])].join(', ');
    const other = serve_flag === undefined ? '' : ` On the command line of \`nereus serve\` also \`--${serve_flag}\`.`;
    return `| \`${name}\` | \`${shownDefault(name)}\` | ${kind.allowed} | ${meaning}${other} | ${marks} |`;
  });
  return `## ${section}\n\n| name | default | allowed | meaning | |\n|---|---|---|---|---|\n${rows.join('\n')}`;
}

function namesOf(section: string): SettingName[] {
  return SETTING_NAMES.filter((name) => SETTINGS[name].section === section);
}

function shownDefault(name: SettingName): string {
  if (name === 'encryption_key') return 'built in';
  return SETTINGS[name].default === '' ? 'none' : SETTINGS[name].default;
}

function upperFirst(sentence: string): string {
  return sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
}

/** Meanings are written for the page; a terminal needs no backquotes. */
function plain(markdown: string): string {
  return markdown.replaceAll('`', '');
}

function wrap(sentences: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of sentences.split(' ')) {
    if (line.length > indent.length && line.length + word.length + 1 > HELP_WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line.length === indent.length ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}
