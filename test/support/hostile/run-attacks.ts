import type { Random } from '../random.ts';
import type { Arsenal } from './attack.ts';
import { Wire } from './wire.ts';

export interface AttackOptions {
  readonly port: number;
  readonly random: Random;
  /** How many frames to send at least. */
  readonly frames: number;
}

export interface AttackReport {
  readonly frames: number;
  readonly connections: number;
  /** How often each way was gone. */
  readonly attacks: Readonly<Record<string, number>>;
}

/** Attacks that go on at a time. */
const LANES = 6;

/**
 * Goes all ways to attack a service, in turn and in random order, until so many frames are sent, and the patient ways beside
 * them once. Their connections stay open when this resolves: it is for the service to close them.
 */
export async function runAttacks(arsenal: Arsenal, { port, random, frames }: AttackOptions): Promise<AttackReport> {
  let sent = 0;
  const { opened } = Wire;
  const attacks: Record<string, number> = {};
  const attacker = (part: string) => ({
    random: random.fork(part),
    port,
    open: () => Wire.open(port),
    count: (more: number) => {
      sent += more;
    },
  });

  const patient = Object.entries(arsenal.patient).map(([name, attack]) => attack(attacker(name)));
  const ways = Object.entries(arsenal.attacks);
  // Each way is gone once, however few frames are asked for.
  const first = [...ways];
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    const mine = attacker(`lane ${lane}`);
    for (let next = first.pop(); next !== undefined || sent < frames; next = first.pop()) {
      const [name, attack] = next ?? mine.random.pick(ways);
      attacks[name] = (attacks[name] ?? 0) + 1;
      await attack(mine);
    }
  });
  await Promise.all([...patient, ...lanes]);
  return { frames: sent, connections: Wire.opened - opened, attacks };
}
