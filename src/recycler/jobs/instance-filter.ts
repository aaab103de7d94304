export interface FilterSettings {
  /** The only instances to recycle; none for all. */
  readonly recycle_whitelist: readonly string[];
  /** Instances not to recycle. It counts only where the whitelist has none. */
  readonly recycle_blacklist: readonly string[];
}

/** Says of an instance whether the settings let it be recycled. */
export function instanceFilter(settings: FilterSettings): (instance_id: string) => boolean {
  const white = new Set(settings.recycle_whitelist);
  const black = new Set(settings.recycle_blacklist);
  return (instance_id) => (white.size > 0 ? white.has(instance_id) : !black.has(instance_id));
}
