import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, TLSSocket } from 'node:tls';

/** How long a peer that reads nothing is waited for. */
const MOST_WAIT_MS = 200;

/** One connection without manners: it sends the bytes that it is told to, minds no error, and reads only if it is to. */
export class Wire {
  /** How many there have been in this process. */
  static opened = 0;
  readonly #closed: Promise<void>;

  constructor(readonly socket: Socket) {
    Wire.opened++;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => undefined);
    // What comes back is for nobody.
    socket.resume();
  }

  /** Connects. Where that fails, the wire is closed. */
  static async open(port: number): Promise<Wire> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    const wire = new Wire(socket);
    await settled(socket, 'connect');
    return wire;
  }

  /** Connects, and shakes hands. */
  static async openTls(port: number, options: { readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3' } = {}): Promise<Wire> {
    const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    const wire = new Wire(socket);
    await settled(socket, 'secureConnect');
    return wire;
  }

  get isOpen(): boolean {
    return this.socket.writable;
  }

  /** Reads nothing from now on, so that what the peer sends stays in its way. */
  deafen(): void {
    this.socket.pause();
  }

  /** Resolves when the system has taken the bytes, when the connection has ended, or when the peer reads nothing for long. */
  async send(bytes: Buffer): Promise<void> {
    if (!this.isOpen) return;
    const written = new Promise<void>((resolve) => this.socket.write(bytes, () => resolve()));
    await Promise.race([written, this.#closed, pause(MOST_WAIT_MS)]);
  }

  /** Sends the bytes in pieces of some size, each for itself. */
  async sendInPieces(bytes: Buffer, size: number): Promise<void> {
    for (let at = 0; at < bytes.length && this.isOpen; at += size) {
      await this.send(bytes.subarray(at, at + size));
      await new Promise(setImmediate);
    }
  }

  /** Ends this side, and waits for the peer to end its own. */
  async finish(): Promise<void> {
    this.socket.end();
    await Promise.race([this.#closed, pause(MOST_WAIT_MS)]);
    this.socket.destroy();
  }

  /** Begins a new handshake on a connection of TLS 1.2. */
  async renegotiate(): Promise<void> {
    const { socket } = this;
    if (!(socket instanceof TLSSocket)) throw new Error('not a connection of TLS');
    const done = new Promise<void>((resolve) => socket.renegotiate({ rejectUnauthorized: false }, () => resolve()));
    await Promise.race([done, this.#closed, pause(MOST_WAIT_MS)]);
  }

  reset(): void {
    // Of TLS, the connection underneath can't be reset.
    if (this.socket instanceof TLSSocket) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }
}

function settled(socket: Socket, event: string): Promise<void> {
  return new Promise((resolve) => {
    socket.once(event, () => resolve());
    socket.once('close', () => resolve());
  });
}

/** A wait that keeps nobody from ending. */
const pause = (ms: number) => sleep(ms, undefined, { ref: false });
