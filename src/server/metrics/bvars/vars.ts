import type { CallsOfInstance } from '../../../rpc/call-counts.ts';
import { DEFECT } from '../../../rpc/call-counts.ts';
import { added } from '../distributions.ts';
import type { Snapshot } from '../snapshot.ts';
import { METRICS } from '../table.ts';
import { latencyVars, type Recorded, since, type Var } from './latency-vars.ts';
import type { Recent } from './recent.ts';

/**
 * What the service of Doris tells by the names of brpc's variables, as far as it has a meaning here, in the order of
 * their names: `ms_<method>_<instance>_...`, `rpc_server_<port>_doris_cloud_meta_service_<method>_...`, `txn_kv_...` and
 * `process_...`.
 */
export function varsOf(recent: Recent, port: number): Var[] {
  const found = new Map<string, number>();
  for (const [name, value] of [...methodVars(recent, port), ...storeVars(recent), ...processVars(recent)]) {
    // Where two instances come to one name, it is that of the first.
    if (!found.has(name)) found.set(name, value);
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1));
}

/** What the variables begin with that brpc itself has for each method of a server. */
export function serverPrefix(port: number): string {
  return `rpc_server_${port}`;
}

function methodVars({ now, before }: Recent, port: number): Var[] {
  const window_s = (now.at_ms - before.at_ms) / 1000;
  const earlier = new Map(before.snapshot.calls.map((calls) => [keyOf(calls), calls]));
  const methods = new Map<string, Recorded & { readonly errors: number }>();
  const vars: Var[] = [];
  for (const calls of now.snapshot.calls) {
    const { method, instance_id, codes, duration_ms: all } = calls;
    const recent = since(all, earlier.get(keyOf(calls))?.duration_ms);
    if (instance_id !== '') {
      vars.push(...latencyVars(underscored(`ms_${method}_${instance_id}`), { all, recent, window_s }));
    }
    const others = methods.get(method);
    methods.set(method, {
      all: others === undefined ? all : added(others.all, all),
      recent: others === undefined ? recent : added(others.recent, recent),
      errors: (others?.errors ?? 0) + (codes[DEFECT] ?? 0),
      window_s,
    });
  }
  for (const [method, recorded] of methods) {
    const name = underscored(`${serverPrefix(port)}_doris.cloud.MetaService.${method}`);
    vars.push(...latencyVars(name, recorded), [`${name}_error`, recorded.errors]);
  }
  return vars;
}

function keyOf({ method, instance_id }: CallsOfInstance): string {
  return `${method}/${instance_id}`;
}

function storeVars({ now, before, minute_before }: Recent): Var[] {
  const { commits, conflicts } = METRICS.store;
  const window_s = (now.at_ms - before.at_ms) / 1000;
  const rise = (name: string, from: Snapshot) => Math.max(0, figure(now.snapshot, name) - figure(from, name));
  return [
    ['txn_kv_commit_count', figure(now.snapshot, commits.name)],
    ['txn_kv_commit_qps', window_s > 0 ? Math.round(rise(commits.name, before.snapshot) / window_s) : 0],
    ['txn_kv_commit_conflict', rise(conflicts.name, minute_before.snapshot)],
  ];
}

function processVars({ now, before }: Recent): Var[] {
  const { snapshot } = now;
  const cpu_s = figure(snapshot, 'process_cpu_seconds_total') - figure(before.snapshot, 'process_cpu_seconds_total');
  const window_s = (now.at_ms - before.at_ms) / 1000;
  return [
    ['process_cpu_usage', window_s > 0 ? Math.round((Math.max(0, cpu_s) / window_s) * 1000) / 1000 : 0],
    ['process_fd_count', figure(snapshot, 'process_open_fds')],
    ['process_memory_resident', figure(snapshot, 'process_resident_memory_bytes')],
    ['process_memory_virtual', figure(snapshot, 'process_virtual_memory_bytes')],
    ['process_uptime', Math.round(now.at_ms) / 1000],
  ];
}

function figure({ families }: Snapshot, name: string): number {
  const family = families.find((one) => one.name === name);
  return family?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
}

/** A name as brpc writes it: letters small, an underscore before what was a capital one and for all other signs, never two together. */
export function underscored(name: string): string {
  let written = '';
  let before = '';
  for (const sign of name) {
    const isCapital = /[A-Z]/.test(sign);
    const isWord = /[A-Za-z0-9]/.test(sign);
    const isApart = isCapital ? before !== '' && !/[A-Z]/.test(before) : !isWord;
    if (isApart && !written.endsWith('_')) written += '_';
    if (isWord) written += sign.toLowerCase();
    before = sign;
  }
  return written;
}
