import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import { atMostEvery } from '../../observe/at-most-every.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Front } from '../front.ts';

/** A certificate, with those that lead to its authority behind it, and its key: both in PEM. */
export type Certificate = Required<Pick<SecureContextOptions, 'cert' | 'key'>>;

export interface TlsFrontOptions {
  readonly certificate: Certificate;
  /** What serves the connections once they are encrypted. */
  readonly inner: Front;
  readonly logger: Logger;
  readonly handshake_timeout_ms: number;
}

/** What a client may choose from by ALPN. Those of baidu_std choose nothing. */
const ALPN_PROTOCOLS = ['h2', 'http/1.1'];
const FAILED_LOG_INTERVAL_MS = 10_000;
/** How long a handshake that is going on when the service begins to stop may still take. */
const CLOSE_UNFINISHED_AFTER_MS = 1_000;

/** TLS before whatever the connections speak inside of it. A connection that begins without it is closed. */
export class TlsFront implements Front {
  readonly #server: Server;
  readonly #inner: Front;
  /** Connections whose handshake is going on, by the address of their peer. */
  readonly #handshaking = new Map<string, Socket>();

  /** Throws the system's error when the certificate and the key can't be used together. */
  constructor({ certificate, inner, logger, handshake_timeout_ms }: TlsFrontOptions) {
    this.#inner = inner;
    this.#server = createServer({
      ...certificate,
      ALPNProtocols: ALPN_PROTOCOLS,
      allowHalfOpen: true,
      handshakeTimeout: handshake_timeout_ms,
    });
    this.#server.on('secureConnection', (socket) => {
      this.#handshaking.delete(peerOf(socket));
      this.#inner.accept(socket);
    });
    const reportFailed = reporter(logger);
    this.#server.on('tlsClientError', (error, socket) => {
      reportFailed(error, socket);
      socket.destroy();
    });
  }

  accept(socket: Socket): void {
    const peer = peerOf(socket);
    this.#handshaking.set(peer, socket);
    socket.once('close', () => this.#handshaking.delete(peer));
    this.#server.emit('connection', socket);
  }

  /** New connections get this certificate from now on. Throws the system's error when it can't be used; then the old one stays. */
  renew(certificate: Certificate): void {
    this.#server.setSecureContext(certificate);
  }

  drain(): void {
    this.#inner.drain();
    setTimeout(() => {
      for (const socket of this.#handshaking.values()) socket.destroy();
    }, CLOSE_UNFINISHED_AFTER_MS).unref();
  }

  close(): void {
    this.#inner.close();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function reporter(logger: Logger): (error: Error, socket: TLSSocket) => void {
  let last: { readonly reason: string; readonly peer: string | undefined };
  const report = atMostEvery(FAILED_LOG_INTERVAL_MS, (connections) => {
    logger.warn('a connection was closed since its TLS handshake failed', { ...last, connections });
  });
  return (error, socket) => {
    last = { reason: error.message, peer: socket.remoteAddress };
    report();
  };
}
