/** Where in a JSON text a reader stopped. Line and column count from 1, the offset from 0, in UTF-16 units. */
export interface JsonPosition {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

/**
 * A text that cannot be read as JSON or doesn't fit its message. The message says where and what was expected, never
 * what was found: bodies carry secrets.
 */
export class JsonError extends Error {
  readonly position: JsonPosition | undefined;

  constructor(message: string, position?: JsonPosition) {
    super(message);
    this.name = 'JsonError';
    this.position = position;
  }
}

/** The line and column of an offset. Linear in the text, so only for errors. */
export function positionAt(text: string, offset: number): JsonPosition {
  let line = 1;
  let lineStart = 0;
  for (let next = text.indexOf('\n'); next !== -1 && next < offset; next = text.indexOf('\n', lineStart)) {
    line++;
    lineStart = next + 1;
  }
  return { offset, line, column: offset - lineStart + 1 };
}
