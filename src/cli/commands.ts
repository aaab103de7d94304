import { doctor } from './commands/doctor.ts';
import { dump } from './commands/dump.ts';
import { move } from './commands/move.ts';
import { restore } from './commands/restore.ts';
import { serve } from './commands/serve.ts';
import { cluster } from './nouns/cluster.ts';
import { completionOf } from './nouns/completion.ts';
import { config } from './nouns/config.ts';
import { instance } from './nouns/instance.ts';
import { job } from './nouns/job.ts';
import { key } from './nouns/key.ts';
import { node } from './nouns/node.ts';
import { recycle } from './nouns/recycle.ts';
import { tablet } from './nouns/tablet.ts';
import { txn } from './nouns/txn.ts';
import { vault } from './nouns/vault.ts';
import type { CommandTable } from './program/find-command.ts';

/** Every command, in the order in which the help shows them. Help, examples and completion are made from it. */
export const commandTable: CommandTable = {
  commands: [serve, dump, restore, move, doctor],
  nouns: [instance, vault, cluster, node, txn, tablet, job, key, recycle, config, completionOf(() => commandTable)],
};
