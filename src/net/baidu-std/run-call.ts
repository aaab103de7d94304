import type { Awaitable } from '../../awaitable.ts';
import type { BinaryRpc } from '../binary-rpc.ts';
import type { ByteBudget } from '../byte-budget.ts';
import type { FairTurns } from '../fair-turns.ts';
import { RpcFault } from '../rpc-fault.ts';
import { compressTypeName, DecompressError, decompress, NOT_COMPRESSED } from './compression.ts';
import { Errno, errnoOf, Refusal } from './errno.ts';
import { originOfMeta, type RequestMeta } from './request-meta.ts';

export interface RunCallOptions {
  readonly rpc: Pick<BinaryRpc, 'find' | 'call'>;
  /** The largest request, compressed or not. */
  readonly max_body_bytes: number;
  /** What requests in flight are counted against. */
  readonly buffered: ByteBudget;
  /** Compressed requests have to wait for theirs. */
  readonly decompressions: FairTurns;
}

/** Where a call came from and its answer goes. */
export interface Caller {
  /** Its address. */
  readonly remote: string;
  /** Given what to call when the answer was sent, or is lost. */
  readonly untilSent: (release: () => void) => void;
  /** Throws a Refusal when nobody waits for the answer any more. */
  readonly mustWait: () => void;
}

/**
 * Runs the method that a frame asks for: its encoded response, at once or later. What answers instead is thrown, or rejected
 * with: see `refusalOf`.
 */
export function runCall(
  options: RunCallOptions,
  meta: RequestMeta,
  payload: Buffer,
  caller: Caller,
): Awaitable<Uint8Array> {
  const { rpc } = options;
  const { remote, untilSent } = caller;
  const method = rpc.find(meta.service, meta.method);
  const request = withoutAttachment(meta, payload);
  mustBeServed(meta);
  const origin = originOfMeta(meta);
  if (meta.compress_type === NOT_COMPRESSED) return rpc.call(method, request, remote, untilSent, origin);
  return decompressed(meta, request, caller, options, (message) =>
    rpc.call(method, message, remote, untilSent, origin),
  );
}

/** What a caller is told of an error of `runCall`, or undefined for one that it doesn't throw. */
export function refusalOf(error: unknown, meta: RequestMeta, payload_bytes: number): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof DecompressError && error.kind === 'no_room') return new Refusal(Errno.Limit, error.message);
  if (error instanceof DecompressError) return unreadable(meta, payload_bytes, error.message);
  if (!(error instanceof RpcFault)) return undefined;
  if (error.kind === 'bad_request') return unreadable(meta, payload_bytes, error.reason ?? error.message);
  return new Refusal(errnoOf(error.kind), error.message);
}

function unreadable({ compress_type }: RequestMeta, payload_bytes: number, reason: string): Refusal {
  const what = `CompressType=${compressTypeName(compress_type)}, request_size=${payload_bytes}`;
  return new Refusal(Errno.BadRequest, `Fail to parse request message, ${what}: ${reason}`);
}

/** The methods that are served define no attachments. One that is sent all the same is for nobody. */
function withoutAttachment({ attachment_size }: RequestMeta, payload: Buffer): Buffer {
  if (attachment_size === 0) return payload;
  if (attachment_size < 0) throw new Refusal(Errno.BadRequest, `attachment_size=${attachment_size} is negative`);
  if (attachment_size > payload.length) {
    const sizes = `attachment_size=${attachment_size} is larger than request_size=${payload.length}`;
    throw new Refusal(Errno.BadRequest, sizes);
  }
  return payload.subarray(0, payload.length - attachment_size);
}

/** Refuses what would be misread if it were ignored. */
function mustBeServed({ has_stream, has_chunk, content_type, checksum_type }: RequestMeta): void {
  if (has_stream) throw new Refusal(Errno.BadRequest, 'streams are not served');
  if (has_chunk) throw new Refusal(Errno.BadRequest, 'requests in chunks are not served');
  if (content_type !== 0) throw new Refusal(Errno.BadRequest, `content_type=${content_type} is not served`);
  if (checksum_type !== 0) throw new Refusal(Errno.BadRequest, `checksum_type=${checksum_type} is not served`);
}

async function decompressed<T>(
  { compress_type }: RequestMeta,
  compressed: Buffer,
  { remote, mustWait }: Caller,
  { max_body_bytes, buffered, decompressions }: RunCallOptions,
  run: (message: Buffer) => Awaitable<T>,
): Promise<T> {
  const message = await decompressions.run(remote, () => {
    mustWait();
    return decompress(compress_type, compressed, { max_body_bytes, budget: buffered });
  });
  try {
    return await run(message);
  } finally {
    buffered.giveBack(message.length);
  }
}
