import { bashCompletion } from '../completion/bash.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { type Command, command, type Noun } from '../program/command.ts';
import type { CommandTable } from '../program/find-command.ts';

/** `nereus completion`, which completes this table, itself included. */
export function completionOf(table: () => CommandTable): Noun {
  const scripts = {
    bash: { script: bashCompletion, line: 'source <(nereus completion bash)' },
    zsh: { script: zshCompletion, line: 'nereus completion zsh > "$fpath[1]/_nereus"' },
  };
  const commands = Object.entries(scripts).map(([name, { script, line }]): Command => {
    return command({
      name,
      summary: `Print the script by which ${name} completes commands, flags and their values`,
      examples: [{ does: `Have it in ${name}`, line }],
      run: async () => {
        const text = script(table());
        return { json: { shell: name, script: text }, text: () => text };
      },
    });
  });
  return { name: 'completion', summary: 'Completion for a shell', commands };
}
