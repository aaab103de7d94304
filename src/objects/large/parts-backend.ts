/** One part of an object that is being uploaded. */
export interface Part {
  readonly bytes: Uint8Array;
  /** Of its bytes, in hex. */
  readonly sha256: string;
}

/** A piece of an object, and how large all of it is. */
export interface Range {
  readonly bytes: Uint8Array;
  readonly object_bytes: number;
}

/** How a kind of storage takes objects that are too large for one request, by full paths. */
export interface PartsBackend {
  /** Begins an upload, of which nothing is seen before it is completed. Resolves to what it is called from then on. */
  begin(path: string): Promise<string>;
  /** Sends one part; the first is number 1. Resolves to what the storage wants to be told of it in the end. */
  put(path: string, id: string, number: number, part: Part): Promise<string>;
  /** Makes an object of its parts, at once. */
  complete(path: string, id: string, tags: readonly string[]): Promise<void>;
  /** Throws away what was uploaded, also when nothing else is to be done any more. Harmless when that is gone already. */
  abort(path: string, id: string): Promise<void>;
  /** Reads up to `most_bytes` from a place in an object that is not at or behind its end. */
  read(path: string, offset: number, most_bytes: number): Promise<Range>;
}
