import type { RateLimiters, RequestKind } from '../objects/rate-limiters.ts';
import type { Control } from './control.ts';

const KINDS: readonly RequestKind[] = ['get', 'put'];

/** Sets the limits of this process as `control` says, when that has changed: what was counted so far is forgotten then. */
export function limitsSetter(limiters: RateLimiters): (control: Control) => void {
  const set: Partial<Record<RequestKind, string>> = {};
  return ({ limits }) => {
    for (const kind of KINDS) {
      const wanted = JSON.stringify(limits[kind]);
      if (wanted === set[kind]) continue;
      set[kind] = wanted;
      limiters.adjust(kind, limits[kind] ?? {});
    }
  };
}
