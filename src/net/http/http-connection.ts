import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeGently } from '../close-gently.ts';
import { rawAnswer } from './answer.ts';
import type { Fault } from './fault.ts';
import type { IncomingCall } from './incoming-call.ts';

/** Bytes of answers that the peer may have left when a further call is begun. */
const MOST_UNSENT_BYTES = 1024 * 1024;

/** One HTTP/1 connection: the calls on it are run one after the other, in the order in which they came. */
export class HttpConnection {
  /** The call that is with its handler. */
  running: IncomingCall | undefined;
  /** The calls after it, in the order in which they came. The body of the last may still be arriving. */
  readonly waiting: IncomingCall[] = [];
  /** The newest response of the connection: once it is out, all are. */
  newest: ServerResponse | undefined;
  /** Set when nothing further that comes is looked at. */
  closing = false;
  #unsent_bytes = 0;

  constructor(readonly socket: Socket) {}

  get isIdle(): boolean {
    return this.running === undefined && this.waiting.length === 0;
  }

  /** Whether the peer takes its answers more slowly than it sends calls: what is answered now would stay in memory. */
  get isBehind(): boolean {
    return this.#unsent_bytes > MOST_UNSENT_BYTES;
  }

  /** Takes the next call off the queue when its turn has come. */
  takeNext(): IncomingCall | undefined {
    const next = this.waiting[0];
    if (this.running !== undefined || this.isBehind || next === undefined || next.reader !== undefined)
      return undefined;
    return this.waiting.shift();
  }

  /** Takes out a call that will not be run. */
  drop(call: IncomingCall): void {
    const index = this.waiting.indexOf(call);
    if (index !== -1) this.waiting.splice(index, 1);
  }

  /** Counts an answer of so many bytes until the peer has taken it. Calls `caughtUp` when that lets further calls begin. */
  countUntilSent(response: ServerResponse, bytes: number, caughtUp: () => void): void {
    this.#unsent_bytes += bytes;
    response.once('finish', () => {
      const wasBehind = this.isBehind;
      this.#unsent_bytes -= bytes;
      if (wasBehind && !this.isBehind) caughtUp();
    });
  }

  /** Calls `then` once, when an answer has gone out or the connection has ended before. */
  whenGone(response: ServerResponse, then: () => void): void {
    const { socket } = this;
    const gone = () => {
      response.off('close', gone);
      socket.off('close', gone);
      then();
    };
    if (socket.destroyed) {
      then();
      return;
    }
    response.once('close', gone);
    socket.once('close', gone);
  }

  /** Ends the connection once every answer is out, unless a further call has come by then. */
  closeWhenSent(): void {
    this.#whenSent(() => {
      if (this.isIdle) this.closeGently();
    });
  }

  /** Tells the peer of a fault once every answer is out, and ends the connection. */
  fail(fault: Fault): void {
    this.closing = true;
    this.#whenSent(() => {
      if (this.socket.writable) this.socket.write(rawAnswer(fault.status, fault.text));
      this.closeGently();
    });
  }

  /** Ends our side, and the connection when the peer has ended its own or has had time to. */
  closeGently(): void {
    this.closing = true;
    closeGently(this.socket);
  }

  /** Makes node:http end the connection gently after the answer with which it closes it. */
  lingerAfterAnswer(): void {
    this.closing = true;
    this.socket.destroySoon = () => this.closeGently();
  }

  #whenSent(then: () => void): void {
    const { newest } = this;
    if (newest === undefined || newest.writableFinished || newest.destroyed) then();
    else newest.once('finish', () => this.#whenSent(then));
  }
}
