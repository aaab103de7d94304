/**
 * The parameters of a query string. Of one given twice the last value counts.
 *
 * Values are kept as they were sent, because the key tools take them so, as Doris does. Everything else asks for them
 * percent-decoded.
 */
export class Query {
  readonly #raw = new Map<string, string>();

  constructor(text: string) {
    for (const parameter of text.split('&')) {
      const equals = parameter.indexOf('=');
      if (equals > 0) this.#raw.set(parameter.slice(0, equals), parameter.slice(equals + 1));
    }
  }

  /** The value as it was sent. */
  get(name: string): string | undefined {
    return this.#raw.get(name);
  }

  /** The value percent-decoded, or as it was sent where the percent signs make no sense; an empty text without one. */
  decoded(name: string): string {
    const raw = this.#raw.get(name) ?? '';
    if (!/[%+]/.test(raw)) return raw;
    try {
      return decodeURIComponent(raw.replaceAll('+', ' '));
    } catch {
      return raw;
    }
  }
}
