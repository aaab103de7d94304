import type { Int64, TBufferedTransport, TProtocol } from 'thrift';

/** What the library is used for: the binary protocol on bytes in memory. Its types leave out a part of what it has. */
export interface Thrift {
  readonly TBinaryProtocol: new (transport: TBufferedTransport, strictRead: boolean, strictWrite: boolean) => TProtocol;
  readonly TBufferedTransport: {
    new (buffer: undefined, onFlush: (bytes: Buffer) => void): TBufferedTransport;
    /** A function that takes bytes as they come, and gives the transport with all of them to `onBytes` each time. */
    receiver(onBytes: (transport: TBufferedTransport) => void, seqid: number): (bytes: Buffer) => void;
  };
  readonly Int64: new (value: number) => Int64;
  /** Thrown where a message goes on behind the bytes that have come. */
  readonly InputBufferUnderrunError: new () => Error;
}

/** Loads the library, which only a process that sends heartbeats needs. */
export async function loadThrift(): Promise<Thrift> {
  return (await import('thrift')) as unknown as Thrift;
}

/** The types of fields, as they stand on the wire. */
export const Type = { i32: 8, i64: 10, string: 11, struct: 12, list: 15, stop: 0 } as const;

/** The kinds of messages, as they stand on the wire. */
export const MessageKind = { call: 1, reply: 2, exception: 3 } as const;
