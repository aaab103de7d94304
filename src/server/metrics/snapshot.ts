import type { Family } from '../../observe/metrics/family.ts';
import type { CallsOfInstance } from '../../rpc/call-counts.ts';

/** What one process, or all of them, can tell at a moment. It goes from process to process as it is. */
export interface Snapshot {
  readonly calls: readonly CallsOfInstance[];
  /** Everything else, ready to be shown. */
  readonly families: readonly Family[];
}
