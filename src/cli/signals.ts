const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** How long a repeat counts as the same signal: a terminal's Ctrl-C reaches npm and its child, and npm passes it on. */
const REPEAT_MS = 500;

/** From now on the first signal to stop resolves `first`, and a later one calls `force`. */
export function watchSignals(force: () => void): { readonly first: Promise<string> } {
  const first = new Promise<string>((resolve) => {
    let since: number | undefined;
    for (const signal of SIGNALS) {
      process.on(signal, () => {
        if (since === undefined) {
          since = performance.now();
          resolve(signal);
        } else if (performance.now() - since > REPEAT_MS) {
          force();
        }
      });
    }
  });
  return { first };
}
