import type { Random } from '../random.ts';
import type { Wire } from './wire.ts';

/** What an attack has at hand. */
export interface Attacker {
  readonly random: Random;
  readonly port: number;
  /** A new connection. */
  open(): Promise<Wire>;
  /** To be told of each frame, or request, or record that was sent on a connection which was open by then. */
  count(frames: number): void;
}

/** One way to do harm on connections of its own, which it has ended when it resolves. */
export type Attack = (attacker: Attacker) => Promise<void>;

/** A way to do harm by waiting: resolves when it has begun, and leaves its connection open for the service to close. */
export type PatientAttack = (attacker: Attacker) => Promise<void>;

/** The ways to attack a protocol. */
export interface Arsenal {
  readonly attacks: Readonly<Record<string, Attack>>;
  readonly patient: Readonly<Record<string, PatientAttack>>;
}

/** Sends frames until the service has had enough, some of them in one write. */
export async function sendAll(attacker: Attacker, wire: Wire, frames: readonly Buffer[], together = 1): Promise<void> {
  for (let at = 0; at < frames.length && wire.isOpen; at += together) {
    const some = frames.slice(at, at + together);
    await wire.send(Buffer.concat(some));
    attacker.count(some.length);
    // For the end of the connection to be seen, if that was too much.
    await new Promise(setImmediate);
  }
}

/** Sends one byte now and then until the service ends the connection. */
export function trickle(wire: Wire, bytes: Buffer, interval_ms: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (at < bytes.length && wire.isOpen) void wire.send(bytes.subarray(at, ++at));
    else clearInterval(timer);
  }, interval_ms);
  timer.unref();
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Connections that begin with some bytes and say nothing more. */
export function beginnings(...bytes: readonly (string | Buffer)[]): PatientAttack {
  return async ({ open }) => {
    for (const one of bytes) await (await open()).send(Buffer.from(one as string, 'latin1'));
  };
}
