import { completionOf } from './commands/completion.ts';
import { config } from './commands/config.ts';
import { doctor } from './commands/doctor.ts';
import { dump } from './commands/dump.ts';
import { restore } from './commands/restore.ts';
import { serve } from './commands/serve.ts';
import type { CommandTable } from './program/find-command.ts';

/** Every command, in the order in which the help shows them. Help, examples and completion are made from it. */
export const commandTable: CommandTable = {
  commands: [serve, dump, restore, doctor],
  nouns: [config, completionOf(() => commandTable)],
};
