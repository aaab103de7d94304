import type { FaultKind } from '../rpc-fault.ts';

/** The codes of brpc by which a response says why there is no message in it. */
export const Errno = {
  NoService: 1001,
  NoMethod: 1002,
  BadRequest: 1003,
  TimedOut: 1008,
  Internal: 2001,
  /** The server is stopping. Clients of brpc send the call to another one. */
  LogOff: 2003,
  /** A limit of the server is reached. */
  Limit: 2004,
} as const;

export type Errno = (typeof Errno)[keyof typeof Errno];

/** What became of a call that its method didn't answer: brpc's code, and a text for the caller. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: Errno,
    message: string,
  ) {
    super(message);
  }
}

const OF_FAULTS: Readonly<Record<FaultKind, Errno>> = {
  no_service: Errno.NoService,
  no_method: Errno.NoMethod,
  bad_request: Errno.BadRequest,
  busy: Errno.Limit,
  defect: Errno.Internal,
};

export function errnoOf(kind: FaultKind): Errno {
  return OF_FAULTS[kind];
}
