/** What a simulation found wrong. Nothing is thrown, so that one run shows everything that it can show. */
export class Findings {
  readonly #lines = new Set<string>();

  add(finding: string): void {
    this.#lines.add(finding);
  }

  addAll(findings: Iterable<string>): void {
    for (const finding of findings) this.add(finding);
  }

  list(): string[] {
    return [...this.#lines];
  }
}
