import type { CommandTable } from '../program/find-command.ts';
import { completedCommands, completedWords, type Takes } from './completed.ts';
import { quoted } from './quoted.ts';

/** The completion for zsh, as a script. */
export function zshCompletion(table: CommandTable): string {
  const words = completedWords(table);
  const befores = [...new Set(words.map(({ after }) => after))];
  const wordCases = befores.map((before) => {
    const offered = words.filter(({ after }) => after === before);
    const described = offered.map(({ word, meaning }) => describedWord(word, meaning));
    return `    ${quoted(before)}) words_offered=(${described.join(' ')}) ;;`;
  });
  const commands = completedCommands(table);
  const flagCases = commands.map(({ path, flags }) => {
    const described = flags.map(({ flag, meaning }) => describedWord(flag, meaning));
    return `    ${quoted(path)}) flags_offered=(${described.join(' ')}) ;;`;
  });
  const valueCases = commands.flatMap(({ path, flags }) =>
    flags.flatMap(({ flag, takes }) => {
      const offer = offerOf(takes);
      return offer === undefined ? [] : [`    ${quoted(`${path} ${flag}`)}) ${offer}; return ;;`];
    }),
  );
  return `#compdef nereus
# Completion of nereus for zsh: put it as _nereus into a folder of $fpath, or source it after compinit.
compdef _nereus nereus

_nereus() {
  local cur="\${words[CURRENT]}" prev="\${words[CURRENT-1]}" at_path='' i
  local -a words_offered flags_offered
  for ((i = 2; i < CURRENT && i <= 3; i++)); do
    [[ "\${words[i]}" == -* ]] && break
    at_path="\${at_path:+$at_path }\${words[i]}"
  done
  case "$at_path" in
${wordCases.join('\n')}
  esac
  case "\${at_path:-serve}" in
${flagCases.join('\n')}
    *) flags_offered=('--help:Say how this is used') ;;
  esac
  case "\${at_path:-serve} $prev" in
${valueCases.join('\n')}
  esac
  if [[ "$cur" == -* ]]; then
    _describe -o 'flag' flags_offered
  elif (( \${#words_offered} )); then
    _describe 'command' words_offered
  fi
}

if [[ "\${funcstack[1]}" == _nereus ]]; then
  _nereus "$@"
fi`;
}

function describedWord(word: string, meaning: string): string {
  return quoted(`${word.replaceAll(':', '\\:')}:${meaning.replaceAll('\n', ' ')}`);
}

function offerOf(takes: Takes): string | undefined {
  switch (takes.what) {
    case 'nothing':
      return undefined;
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'words':
      return `compadd -- ${takes.words.map(quoted).join(' ')}`;
    case 'text':
      return "_message 'value'";
  }
}
