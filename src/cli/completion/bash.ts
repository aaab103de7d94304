import type { CommandTable } from '../program/find-command.ts';
import { type CompletedFlag, completedCommands, completedWords, type Takes } from './completed.ts';
import { quoted } from './quoted.ts';

/** The completion for bash, as a script. */
export function bashCompletion(table: CommandTable): string {
  const words = completedWords(table);
  const befores = [...new Set(words.map(({ after }) => after))];
  const wordCases = befores.map((before) => {
    const offered = words.filter(({ after }) => after === before).map(({ word }) => word);
    return `    ${quoted(before)}) words=${quoted(offered.join(' '))} ;;`;
  });
  const commands = completedCommands(table);
  const flagCases = commands.map(
    ({ path, flags }) => `    ${quoted(path)}) flags=${quoted(flags.map(({ flag }) => flag).join(' '))} ;;`,
  );
  return `# Completion of nereus for bash: source it, or put it into a folder of bash-completion.
_nereus() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' flags='' i
  COMPREPLY=()
  # --flag=value comes in three words.
  [[ $cur == '=' ]] && cur=''
  [[ $prev == '=' ]] && prev=\${COMP_WORDS[COMP_CWORD-2]}
  for ((i = 1; i < COMP_CWORD && i <= 2; i++)); do
    [[ \${COMP_WORDS[i]} == -* ]] && break
    path="\${path:+$path }\${COMP_WORDS[i]}"
  done
  case "$path" in
${wordCases.join('\n')}
  esac
  case "\${path:-serve}" in
${flagCases.join('\n')}
    *) flags='--help' ;;
  esac
  case "\${path:-serve} $prev" in
${valueCases(commands.map(({ path, flags }) => ({ path, flags }))).join('\n')}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
  fi
}
complete -F _nereus nereus`;
}

function valueCases(commands: readonly { path: string; flags: readonly CompletedFlag[] }[]): string[] {
  const byOffer = new Map<string, string[]>();
  for (const { path, flags } of commands) {
    for (const { flag, takes } of flags) {
      const offer = offerOf(takes);
      if (offer !== undefined) byOffer.set(offer, [...(byOffer.get(offer) ?? []), quoted(`${path} ${flag}`)]);
    }
  }
  return [...byOffer].map(([offer, patterns]) => `    ${patterns.join(' | ')}) ${offer}; return ;;`);
}

/** A name may have blanks, and a folder gets its slash. */
const AS_FILES = "local IFS=$'\\n'; compopt -o filenames 2>/dev/null";

function offerOf(takes: Takes): string | undefined {
  switch (takes.what) {
    case 'nothing':
      return undefined;
    case 'file':
      return `${AS_FILES}; COMPREPLY=($(compgen -f -- "$cur"))`;
    case 'directory':
      return `${AS_FILES}; COMPREPLY=($(compgen -d -- "$cur"))`;
    case 'words':
      return `COMPREPLY=($(compgen -W ${quoted(takes.words.join(' '))} -- "$cur"))`;
    case 'text':
      return 'COMPREPLY=()';
  }
}
