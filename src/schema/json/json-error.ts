/** Where in a JSON text a reader stopped. Line and column count from 1, offset from 0, all in UTF-16 units. */
export interface JsonPosition {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/**
 * A request body that cannot be read as JSON or doesn't fit its message. The message says where and what was expected,
 * never what was found: bodies carry secrets.
 */
export class JsonError extends Error {
  readonly position: JsonPosition | undefined;

  constructor(message: string, position?: JsonPosition) {
    super(message);
    this.name = 'JsonError';
    this.position = position;
  }
}
