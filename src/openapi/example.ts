/** A request that can be tried. */
export interface Example {
  readonly summary: string;
  /** Where the document has it. */
  readonly section?: string;
  /** Whether the rules of the reference refuse it, or understand it otherwise. */
  readonly documentOnly?: true;
  readonly body?: object;
  /** What stands in the query besides the token. */
  readonly query?: Readonly<Record<string, string>>;
}
