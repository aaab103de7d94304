/** Where log lines go. */
export interface Sink {
  /** Takes one JSON line with its line end. */
  write(line: string): void;
  /** Resolves when what is held back is written out, or can't be. To be waited for before the process ends. */
  flush(): Promise<void>;
}
