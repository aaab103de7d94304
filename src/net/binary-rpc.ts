import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import { type Awaitable, attempt, whenThere } from '../awaitable.ts';
import type { Logger } from '../observe/logger.ts';
import { type CallOrigin, loggedOrigin } from '../rpc/call-origin.ts';
import type { Runner } from '../rpc/runner.ts';
import type { Services, UnaryMethod } from '../rpc/service.ts';
import { BinaryError, readBinary } from '../schema/binary/read-binary.ts';
import { logDefect } from './defect.ts';
import type { InFlight } from './in-flight.ts';
import { RpcFault } from './rpc-fault.ts';

export interface BinaryRpcOptions {
  readonly runner: Runner;
  readonly services: Services;
  readonly in_flight: InFlight;
  readonly logger: Logger;
}

/** Calls with messages in protobuf's binary form, whichever protocol carries them. */
export class BinaryRpc {
  readonly #options: BinaryRpcOptions;

  constructor(options: BinaryRpcOptions) {
    this.#options = options;
  }

  /**
   * The method of a service, by the service's full or short name.
   *
   * @throws {RpcFault} `no_service` or `no_method`, with the text that brpc has for it.
   */
  find(service: string, method: string): UnaryMethod {
    const found = this.#options.services.get(service);
    // A full name is only looked up together with its method.
    if (found === undefined && !service.includes('.')) {
      throw new RpcFault('no_service', `Fail to find service=${quoted(service)}`);
    }
    const served = found?.methods.get(method);
    if (served === undefined) {
      throw new RpcFault('no_method', `Fail to find method=${quoted(service)}/${quoted(method)}`);
    }
    return served;
  }

  /**
   * Runs a method on an encoded request: its encoded response, whatever the status in it, at once or later. `untilSent` is
   * given what to call when an answer that holds memory in common was sent, or is lost; without it, that ends with the call.
   * `origin` is what the caller says of the call.
   *
   * @throws {RpcFault} `busy`, `bad_request`, or `defect`; a defect has been logged, with the caller's address `remote`.
   */
  call(
    method: UnaryMethod,
    request: Uint8Array,
    remote: string,
    untilSent?: (release: () => void) => void,
    origin?: CallOrigin,
  ): Awaitable<Uint8Array> {
    const { in_flight, runner } = this.#options;
    if (!in_flight.enter()) throw new RpcFault('busy', `${in_flight.most} calls are in flight, try again later`);
    const encode = (answer: MessageShape<DescMessage>) => toBinary(method.response, answer);
    return attempt(
      () => {
        const message = readBinary(method.request, request);
        return whenThere(runner.serve(method, message, encode, { untilSent, origin }), (answer) => {
          in_flight.leave();
          return answer;
        });
      },
      (error) => {
        in_flight.leave();
        throw this.#faultOf(error, method, remote, origin);
      },
    );
  }

  #faultOf(error: unknown, { name, request }: UnaryMethod, remote: string, origin: CallOrigin | undefined): RpcFault {
    if (error instanceof BinaryError) {
      const { message } = error;
      return new RpcFault('bad_request', `Fail to parse request=${request.typeName}: ${message}`, message);
    }
    const fields = { method: name, remote, ...(origin && loggedOrigin(origin)) };
    const errorId = logDefect(this.#options.logger, error, fields);
    return new RpcFault('defect', `unexpected error, the log tells more about error_id=${errorId}`);
  }
}

/** As long as the protocols let a name be, several times over. */
const LONGEST_NAME = 256;

/** A name that may be anything, as an error repeats it. */
function quoted(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name;
}
