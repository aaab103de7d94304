import type { FaultKind } from '../rpc-fault.ts';

/** The codes of gRPC that this service answers with. */
export const GrpcCode = {
  ok: 0,
  invalid_argument: 3,
  deadline_exceeded: 4,
  not_found: 5,
  resource_exhausted: 8,
  aborted: 10,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
} as const;

export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode];

/** Why a call ends without an answer of its method. The message is for the caller, and holds no values of the request. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError';

  constructor(
    readonly code: GrpcCode,
    message: string,
    /** What the caller is told besides. */
    readonly headers?: Readonly<Record<string, string>>,
  ) {
    super(message);
  }
}

/** The codes that brpc has for what may go wrong before a method. */
export const CODE_OF_FAULT: Readonly<Record<FaultKind, GrpcCode>> = {
  no_service: GrpcCode.unimplemented,
  no_method: GrpcCode.unimplemented,
  bad_request: GrpcCode.invalid_argument,
  busy: GrpcCode.resource_exhausted,
  defect: GrpcCode.internal,
};

/** A client must take all of the headers, among which this one should not be what makes them too large. */
const LONGEST_MESSAGE_BYTES = 1024;
const SPACE = 0x20;
const TILDE = 0x7e;
const PERCENT = 0x25;

/** A text as `grpc-message` carries it: what is not printable ASCII, and `%`, percent-encoded. Cut off where it is too long. */
export function percentEncoded(text: string): string {
  let encoded = '';
  for (const character of text) {
    const next = encodedCharacter(character);
    if (encoded.length + next.length > LONGEST_MESSAGE_BYTES) break;
    encoded += next;
  }
  return encoded;
}

function encodedCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (code >= SPACE && code <= TILDE && code !== PERCENT) return character;
  return Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
