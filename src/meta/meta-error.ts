import { MetaServiceCode } from '../schema/gen/cloud/status_pb.ts';

/**
 * A call refused, with the code and message that its caller gets. Whoever throws it undoes the call's transaction, so
 * a call that answers an error has written nothing. The message goes out as it is: it must hold no secret.
 */
export class MetaError extends Error {
  override readonly name = 'MetaError';

  constructor(
    readonly code: MetaServiceCode,
    message: string,
    /** Fields of the response that are answered beside the error. */
    readonly response: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** The request itself is wrong. */
export function invalid(message: string): MetaError {
  return new MetaError(MetaServiceCode.INVALID_ARGUMENT, message);
}

/** What Doris refuses without a code of its own. */
export function failed(message: string): MetaError {
  return new MetaError(MetaServiceCode.UNDEFINED_ERR, message);
}

/** Waits for `work`. Where it throws a MetaError, fields of the response are answered beside that error. */
export async function answeringBesideErrors<T>(
  response: Readonly<Record<string, unknown>>,
  work: Promise<T>,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof MetaError)) throw error;
    throw new MetaError(error.code, error.message, { ...response, ...error.response });
  }
}
