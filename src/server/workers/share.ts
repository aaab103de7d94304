import type { Settings } from '../../config/settings.ts';

/** What each of the workers may take of the bounds that hold for the whole service, so that together they keep them. */
export function share(settings: Settings): Settings {
  const part = (whole: number) => Math.max(1, Math.floor(whole / settings.workers));
  return {
    ...settings,
    max_requests_in_flight: part(settings.max_requests_in_flight),
    max_buffered_bytes: part(settings.max_buffered_bytes),
  };
}
