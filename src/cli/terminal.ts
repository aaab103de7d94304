/** Where a command talks to whoever called it. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
}
