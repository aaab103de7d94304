/** A way in for calls with binary messages. */
export interface Transport {
  /** Sends an encoded request and resolves with the encoded response. Rejects when the call got no answer of its method. */
  call(method: string, request: Uint8Array): Promise<Uint8Array>;
  close(): void;
}

/** Connects to the server on a port of this machine. */
export type Connect = (port: number) => Promise<Transport>;
