/** The answer to an operation of the admin API that was done. */
export interface AdminReply {
  /** What a JSON answer has as its `result`, with the field names of the schema; undefined where it has none. */
  readonly result: Readonly<Record<string, unknown>> | undefined;
  /** The whole answer, as it came; some tools answer with a text that is no JSON. */
  readonly text: string;
}
