import { TABLETS_PREFIX } from '../data-paths.ts';

/** What the key of an object says of its rowset. */
export interface ObjectName {
  readonly tablet_id: bigint;
  /** Of the ids that the name may begin with one is the rowset's: ids may have in them what ends them. */
  readonly rowset_ids: readonly string[];
}

const KEY = /^(?<tablet>[1-9]\d{0,18})\/(?<name>[^/]+)$/;
/** What follows the id of a rowset: a segment, and an index with its suffix where it has a file of its own. */
const AFTER_ID = /^_\d+(?:\.dat|\.idx|_-?\d+(?:@.*)?\.idx)$/s;

const INT64_MAX = 2n ** 63n - 1n;

/** Reads the key of an object below `data/`; undefined for one that Doris would not have written. */
export function objectName(key: string): ObjectName | undefined {
  if (!key.startsWith(TABLETS_PREFIX)) return undefined;
  const { tablet = '', name = '' } = KEY.exec(key.slice(TABLETS_PREFIX.length))?.groups ?? {};
  const rowset_ids: string[] = [];
  for (let at = name.indexOf('_'); at > 0; at = name.indexOf('_', at + 1)) {
    if (AFTER_ID.test(name.slice(at))) rowset_ids.push(name.slice(0, at));
  }
  const tablet_id = BigInt(tablet);
  return rowset_ids.length === 0 || tablet_id > INT64_MAX ? undefined : { tablet_id, rowset_ids };
}
