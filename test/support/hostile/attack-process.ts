/** Attacks a service as its arguments say, tells the parent what it has sent, and stays until the parent lets it go. */
import { Random } from '../random.ts';
import { ARSENALS, type ArsenalName } from './arsenals.ts';
import { runAttacks } from './run-attacks.ts';

const [name = '', port = '', seed = '', frames = ''] = process.argv.slice(2);
const random = new Random(Number(seed));
const report = await runAttacks(ARSENALS[name as ArsenalName], { port: Number(port), random, frames: Number(frames) });
process.send?.(report);
process.once('disconnect', () => process.exit());
