import { connect } from 'node:net';
import type { BackendAddress } from '../backend-row.ts';
import { type Heartbeat, heartbeatCall, readHeartbeat } from './messages.ts';
import type { Thrift } from './thrift.ts';

/** No answer has more than a small part of it. */
const MOST_ANSWER_BYTES = 16 * 1024;
const LARGEST_PORT = 65_535;

export interface AskBackendOptions {
  readonly thrift: Thrift;
  /** For the connection and the whole answer. */
  readonly timeout_ms: number;
  /** Aborted when nobody wants to know any more. */
  readonly signal: AbortSignal;
}

/**
 * Sends one heartbeat, on a connection of its own: some backends answer one connection at a time, and it may be a frontend's
 * turn next. Never rejects: what goes wrong is an answer, too.
 */
export function askBackend(address: BackendAddress, options: AskBackendOptions): Promise<Heartbeat> {
  const { thrift, timeout_ms, signal } = options;
  // Whatever was registered is asked, be it a port that there can't be.
  if (!isPort(address.heartbeat_port)) return Promise.resolve({ kind: 'fault', why: 'its heartbeat port is none' });
  return new Promise((resolve) => {
    const end = (heartbeat: Heartbeat) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      resolve(heartbeat);
    };
    const fail = (why: string) => end({ kind: 'fault', why });
    const onAbort = () => fail('it was not waited for');
    const receive = answerReader(thrift, (heartbeat) => end(heartbeat));
    const socket = connect({ host: address.host, port: address.heartbeat_port });
    const timer = setTimeout(() => fail(`it did not answer within ${timeout_ms} ms`), timeout_ms);
    signal.addEventListener('abort', onAbort);
    socket.on('error', (error: NodeJS.ErrnoException) => fail(`it can not be asked: ${error.code ?? error.name}`));
    socket.on('close', () => fail('it closed the connection without an answer'));
    socket.on('data', receive);
    socket.write(heartbeatCall(thrift));
    if (signal.aborted) onAbort();
  });
}

/** A function that takes bytes until they are an answer, or can not become one. */
function answerReader(thrift: Thrift, end: (heartbeat: Heartbeat) => void): (bytes: Buffer) => void {
  let size_bytes = 0;
  let ended = false;
  const endOnce = (heartbeat: Heartbeat) => {
    ended = true;
    end(heartbeat);
  };
  const receive = thrift.TBufferedTransport.receiver((transport) => {
    try {
      endOnce(readHeartbeat(new thrift.TBinaryProtocol(transport, true, true)));
    } catch (error) {
      if (error instanceof thrift.InputBufferUnderrunError) transport.rollbackPosition();
      else endOnce({ kind: 'fault', why: 'it answered what is no answer' });
    }
  }, 0);
  return (bytes) => {
    if (ended) return;
    size_bytes += bytes.length;
    if (size_bytes > MOST_ANSWER_BYTES)
      endOnce({ kind: 'fault', why: `it answered more than ${MOST_ANSWER_BYTES} bytes` });
    else receive(bytes);
  };
}

function isPort(port: number): boolean {
  return port > 0 && port <= LARGEST_PORT;
}
