/** The answer to an operation of the admin API that was done. */
export interface AdminReply {
  /** What a JSON answer has as its `result`; undefined where it has none. */
  readonly result: unknown;
  /** The whole answer, as it came; some tools answer with a text that is no JSON. */
  readonly text: string;
}
