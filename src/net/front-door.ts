import type { Socket } from 'node:net';
import type { Logger } from '../observe/logger.ts';
import { closedLog } from './closed-log.ts';
import { type Protocol, protocolOf } from './first-bytes.ts';
import { CLOSE_IDLE_AFTER_MS, type Front } from './front.ts';
import type { ProtocolCounts } from './protocol-counts.ts';

export interface FrontDoorOptions {
  readonly fronts: Readonly<Record<Protocol, Front>>;
  readonly logger: Logger;
  /** What connections are counted in, once it is known what they speak. */
  readonly counts: ProtocolCounts;
  /** How long a connection may take to say which protocol it speaks. */
  readonly first_bytes_timeout_ms: number;
}

/** Gives each new connection to the front of the protocol that its first bytes speak. */
export class FrontDoor implements Front {
  readonly #options: FrontDoorOptions;
  /** The connections that have not said it yet. */
  readonly #undecided = new Set<Arrival>();
  readonly #reportClosed: (why: string, peer: string | undefined) => void;

  constructor(options: FrontDoorOptions) {
    this.#options = options;
    this.#reportClosed = closedLog(options.logger, 'a connection was closed before it made a call');
  }

  accept(socket: Socket): void {
    const arrival = new Arrival(socket, this.#options, {
      settled: () => this.#undecided.delete(arrival),
      closed: (why) => this.#reportClosed(why, socket.remoteAddress),
    });
    this.#undecided.add(arrival);
    arrival.begin();
  }

  drain(): void {
    for (const front of Object.values(this.#options.fronts)) front.drain();
    setTimeout(() => {
      for (const arrival of this.#undecided) arrival.close();
    }, CLOSE_IDLE_AFTER_MS);
  }

  close(): void {
    for (const front of Object.values(this.#options.fronts)) front.close();
  }
}

interface ArrivalEvents {
  /** The connection is no longer ours: it has gone to its front, or has ended. */
  settled(): void;
  /** The connection was closed because of what it said, or didn't. */
  closed(why: string): void;
}

/** A connection from its beginning until its protocol is known. */
class Arrival {
  readonly #socket: Socket;
  readonly #options: FrontDoorOptions;
  readonly #events: ArrivalEvents;
  #timer: NodeJS.Timeout | undefined;
  #bytes: Buffer | undefined;

  constructor(socket: Socket, options: FrontDoorOptions, events: ArrivalEvents) {
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
  }

  begin(): void {
    const timeout_ms = this.#options.first_bytes_timeout_ms;
    this.#timer = setTimeout(() => this.#refuse(`said nothing within ${timeout_ms} ms`), timeout_ms);
    this.#socket.on('readable', this.#onReadable);
    this.#socket.on('end', this.#onEnd);
    this.#socket.on('error', this.close);
    this.#socket.on('close', this.close);
  }

  readonly close = (): void => {
    this.#settle();
    this.#socket.destroy();
  };

  readonly #onReadable = (): void => {
    const chunk = this.#socket.read() as Buffer | null;
    if (chunk === null) return;
    const bytes = this.#bytes === undefined ? chunk : Buffer.concat([this.#bytes, chunk]);
    const verdict = protocolOf(bytes);
    if (verdict === 'undecided') this.#bytes = bytes;
    else if (verdict === 'none') this.#refuse(`spoke none of the protocols that are served here${hint(bytes)}`);
    else this.#handOver(verdict, bytes);
  };

  readonly #onEnd = (): void => {
    if (this.#bytes === undefined) this.close();
    else this.#refuse('ended before it had said which protocol it speaks');
  };

  #handOver(protocol: Protocol, bytes: Buffer): void {
    this.#settle();
    this.#socket.unshift(bytes);
    this.#options.counts.add(protocol, this.#socket);
    this.#options.fronts[protocol].accept(this.#socket);
  }

  #refuse(why: string): void {
    this.#events.closed(why);
    this.close();
  }

  #settle(): void {
    clearTimeout(this.#timer);
    this.#socket.off('readable', this.#onReadable);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('error', this.close);
    this.#socket.off('close', this.close);
    this.#events.settled();
  }
}

/** The first byte of a TLS handshake. */
const TLS_HANDSHAKE = 0x16;

function hint([first]: Buffer): string {
  return first === TLS_HANDSHAKE ? ': it began TLS, for which tls_cert and tls_key must be set' : '';
}
