/** Why a call got no answer of its method, for each protocol to say in its own way. */
export type FaultKind = 'no_service' | 'no_method' | 'bad_request' | 'busy' | 'defect';

/** A call that got no answer of its method. The message is for the caller, and holds no values of the request. */
export class RpcFault extends Error {
  override readonly name = 'RpcFault';

  constructor(
    readonly kind: FaultKind,
    message: string,
    /** What is wrong with a request, for a protocol that has words of its own for the rest. */
    readonly reason?: string,
  ) {
    super(message);
  }
}
