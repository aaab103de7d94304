import { spawnSync } from 'node:child_process';

/** Why system calls can't be watched here, or undefined when they can. */
export function whyNotTraceable(): string | undefined {
  const { error, status, stderr } = spawnSync('strace', ['-qq', '-o', '/dev/null', process.execPath, '--version']);
  if (error !== undefined) {
    return 'strace is not installed';
  }
  return status === 0 ? undefined : `strace may not watch processes here: ${stderr}`;
}

/** What one line of `strace -f -y` says about a system call that has returned. */
export interface FinishedCall {
  readonly name: string;
  /** The arguments as text; descriptors are followed by their paths in angle brackets. */
  readonly args: string;
  readonly result: string;
}

/** The calls in the order in which they returned. Calls that were cut in two by another thread's are put together. */
export function finishedCalls(trace: string): FinishedCall[] {
  const calls: FinishedCall[] = [];
  const begun = new Map<string, { name: string; args: string }>();
  for (const line of trace.split('\n')) {
    const [, thread = '', event = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const unfinished = /^(\w+)\((.*) <unfinished \.\.\.>$/.exec(event);
    const resumed = /^<\.\.\. (\w+) resumed>(.*)\)\s+= (.*)$/.exec(event);
    const whole = /^(\w+)\((.*)\)\s+= (.*)$/.exec(event);
    if (unfinished !== null) {
      begun.set(thread, { name: unfinished[1] ?? '', args: unfinished[2] ?? '' });
    } else if (resumed !== null) {
      const start = begun.get(thread);
      begun.delete(thread);
      calls.push({ name: resumed[1] ?? '', args: `${start?.args ?? ''}${resumed[2] ?? ''}`, result: resumed[3] ?? '' });
    } else if (whole !== null) {
      calls.push({ name: whole[1] ?? '', args: whole[2] ?? '', result: whole[3] ?? '' });
    }
  }
  return calls;
}

export interface SyncReport {
  readonly acknowledgements: number;
  /** Times that pages were written, then synced, and then a meta page through a descriptor that syncs by itself. */
  readonly synced_commits: number;
}

/**
 * Throws unless between the acknowledgements of two versions the pages were written, synced, and made the current ones
 * by a synced write. A writer commits a version only after the one before was acknowledged, so that sync is the one
 * that covers it.
 */
export function checkSyncs(calls: readonly FinishedCall[]): SyncReport {
  const syncing = new Set<string>();
  let state: 'acknowledged' | 'written' | 'synced' | 'durable' = 'acknowledged';
  let version = '';
  let acknowledgements = 0;
  let synced_commits = 0;
  for (const { name, args, result } of calls) {
    const [descriptor = ''] = args.split(/[<,]/);
    if (name === 'openat' && /data\.mdb/.test(args)) {
      const [opened = ''] = result.split('<');
      if (/O_D?SYNC/.test(args)) {
        syncing.add(opened);
      } else {
        syncing.delete(opened);
      }
    } else if (/^p?writev?(64)?$/.test(name) && /data\.mdb>/.test(args)) {
      if (!syncing.has(descriptor)) {
        state = 'written';
      } else if (state === 'synced') {
        state = 'durable';
        synced_commits++;
      }
    } else if (/^f(data)?sync$|^msync$/.test(name) && state === 'written' && result.startsWith('0')) {
      state = 'synced';
    } else if (name === 'write' && descriptor === '3') {
      const [, stamp = ''] = /"\S+ ([0-9a-f]{20})\\n"/.exec(args) ?? [];
      acknowledgements++;
      if (stamp.slice(0, 16) !== version && state !== 'durable') {
        throw new Error(`Acknowledgement ${args} came when its pages were only ${state}.`);
      }
      version = stamp.slice(0, 16);
      state = 'acknowledged';
    }
  }
  return { acknowledgements, synced_commits };
}
