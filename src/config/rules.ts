import { BlockList, isIP } from 'node:net';
import type { Rank } from './given.ts';
import { listenAddress } from './kind.ts';
import { DEFAULT_HTTP_TOKEN, type SettingName, type Settings } from './settings.ts';

/** Puts the one port that is listened on in `brpc_listen_port` and `listen`. The stronger source decides; `listen` does among equals. */
export function resolvePort(settings: Settings, ranks: { listen: Rank; port: Rank }): Settings {
  const fromListen = settings.listen.port;
  const port = fromListen !== undefined && ranks.listen >= ranks.port ? fromListen : settings.brpc_listen_port;
  return { ...settings, brpc_listen_port: port, listen: { host: settings.listen.host, port } };
}

/** The settings that only the engine needs which is not the chosen one. */
export function idleSettings({ kv }: Settings): readonly SettingName[] {
  return kv === 'embedded' ? OF_CLUSTERS : ['data_dir'];
}

const OF_CLUSTERS: readonly SettingName[] = [
  'fdb_cluster',
  'fdb_cluster_file_path',
  'fdb_txn_timeout_ms',
  'hostname',
  'priority_networks',
  'meta_server_register_interval_ms',
  'meta_server_lease_ms',
];

/** What single values, each allowed, can't be together. */
export function contradictions(settings: Settings): string[] {
  const problems: string[] = [];
  if (settings.headers_timeout_ms > settings.request_timeout_ms) {
    problems.push(
      `headers_timeout_ms (${settings.headers_timeout_ms}) must not be above request_timeout_ms (${settings.request_timeout_ms}): the headers are a part of the request`,
    );
  }
  if (settings.meta_server_lease_ms < settings.meta_server_register_interval_ms) {
    problems.push(
      `meta_server_lease_ms (${settings.meta_server_lease_ms}) must not be below meta_server_register_interval_ms (${settings.meta_server_register_interval_ms}): an entry would end before it is renewed`,
    );
  }
  if ((settings.tls_cert === '') !== (settings.tls_key === '')) {
    problems.push('tls_cert and tls_key must be given together: a certificate is of no use without its key');
  }
  problems.push(...backupProblems(settings));
  const buffered = Math.floor(settings.max_buffered_bytes / settings.workers);
  if (settings.workers > 1 && buffered < settings.brpc_max_body_size) {
    problems.push(
      `max_buffered_bytes (${settings.max_buffered_bytes}) must be at least brpc_max_body_size (${settings.brpc_max_body_size}) for each of the ${settings.workers} workers, which share it: or no request of that size could ever be taken`,
    );
  }
  if (settings.http_token === DEFAULT_HTTP_TOKEN && !isLoopback(settings.listen.host)) {
    problems.push(
      `listen = ${listenAddress.show(settings.listen)} can be reached from other machines, and http_token is the default that everyone knows: ` +
        'set a token of your own (--http-token-file FILE, NEREUS_HTTP_TOKEN, or http_token in the settings file), or listen on 127.0.0.1',
    );
  }
  const open = [...settings.cluster_status_users].filter(([, password]) => password === '').map(([name]) => name);
  if (open.length > 0 && !isLoopback(settings.listen.host)) {
    problems.push(
      `listen = ${listenAddress.show(settings.listen)} can be reached from other machines, and cluster_status_users has an empty password for ${open.join(', ')}: ` +
        'give each user a password (--cluster-status-users-file FILE), or listen on 127.0.0.1',
    );
  }
  return problems;
}

function backupProblems(settings: Settings): string[] {
  const problems: string[] = [];
  const { backup_interval_seconds, backup_dir, backup_to, backup_ak, backup_sk } = settings;
  if (backup_interval_seconds > 0 && backup_dir === '' && backup_to === null) {
    problems.push('backup_interval_seconds needs backup_dir or backup_to, which say where backups are written to');
  }
  if (backup_interval_seconds > 0 && settings.kv !== 'embedded') {
    problems.push('backup_interval_seconds is for the embedded store; for a FoundationDB cluster there is fdbbackup');
  }
  if (backup_dir !== '' && backup_to !== null) {
    problems.push('backup_dir and backup_to exclude each other: backups go to a directory or to a bucket');
  }
  if ((backup_ak === '') !== (backup_sk === '')) {
    problems.push('backup_ak and backup_sk must be given together');
  }
  if (backup_to?.scheme === 'azure' && backup_ak === '') {
    problems.push(
      'backup_to names a container of Azure, which needs backup_ak, its account, and backup_sk, the key of that',
    );
  }
  if (backup_to?.scheme === 's3' && settings.backup_endpoint === '' && settings.backup_region === '') {
    problems.push('backup_to names a bucket of the S3 family, which needs backup_endpoint, or backup_region at Amazon');
  }
  return problems;
}

/** Who may see the status page, with their passwords: unless the settings say it, Doris' first user, for this machine alone. */
export function statusUsers({ cluster_status_users, listen }: Settings): ReadonlyMap<string, string> {
  if (cluster_status_users.size > 0) return cluster_status_users;
  return isLoopback(listen.host) ? new Map([['root', '']]) : new Map();
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');

/** Whether only this machine can reach `host`. Any name but localhost may resolve to anything. */
function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host.toLowerCase() === 'localhost';
  return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
