/** Where log lines go. */
export interface Sink {
  /** Takes one JSON line with its line end. */
  write(line: string): void;
  /** Writes out what is held back. To be called before the process ends. */
  flush(): void;
}
