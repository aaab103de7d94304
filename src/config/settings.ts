import { BACKUP } from './backup-settings.ts';
import { FOUNDATIONDB, NEIGHBOURS } from './foundationdb-settings.ts';
import { base64, boolean, choice, countsByName, integer, listenAddress, port, processes, text } from './kind.ts';
import { OBJECT_STORAGE } from './object-settings.ts';
import { RECYCLING } from './recycling-settings.ts';
import { doris, own, type Setting, secret, section } from './setting.ts';
import { CLUSTER_STATUS } from './status-settings.ts';

/** What everyone can read in the document. Good enough for one machine that nobody else reaches. */
export const DEFAULT_HTTP_TOKEN = 'greedisgood9999';

/** What Doris is built with. Everybody knows it, so it keeps nothing secret from whoever reads the store. */
export const DEFAULT_ENCRYPTION_KEY = 'c2VsZWN0ZGJzZWxlY3RkYnNlbGVjdGRic2VsZWN0ZGI=';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const DAY_MS = 24 * 3600 * 1000;

const directory = text({ placeholder: 'DIR', pattern: /./, allowed: 'a path' });
const milliseconds = (min: number) => integer({ placeholder: 'MS', min, max: DAY_MS });
const bytes = (min: number, max: number) => integer({ placeholder: 'BYTES', min, max });
const count = (max: number) => integer({ placeholder: 'N', min: 1, max });

/** Every setting there is. Flags, environment variables, the file's names, `--help` and docs/configuration.md come from here. */
export const SETTINGS = {
  ...section('Service', {
    listen: own(
      listenAddress,
      '127.0.0.1',
      'Where to listen. A port given here wins over a `brpc_listen_port` from the same place.',
    ),
    brpc_listen_port: doris(port, '5000', 'The port alone; 0 takes any that is free.'),
    kv: own(
      choice('embedded', 'foundationdb'),
      'embedded',
      'What keeps the data: `embedded` a directory of this machine, `foundationdb` a FoundationDB cluster, as Doris itself does; for that, something must be installed first (docs/foundationdb.md).',
    ),
    data_dir: own(directory, './data', 'The directory of the embedded store. It is created when it is not there.'),
    workers: own(
      processes(64),
      '1',
      'How many processes serve, on one port and one store; `auto` for as many as the machine has cores. More than one need one more, which accepts connections and starts a worker again when it has died or hangs. Each has an equal part of `max_requests_in_flight` and of `max_buffered_bytes`.',
    ),
    role: own(
      choice('all', 'meta-service', 'recycler'),
      'all',
      'What this process does: `meta-service` answers frontends and backends, `recycler` reclaims what was dropped or has expired, `all` does both. With one of the two, processes of either role may have the same `data_dir` open.',
    ),
    drain_timeout_ms: own(
      milliseconds(0),
      '10000',
      'How long a stopping server waits for the requests in flight before it closes their connections.',
    ),
  }),
  ...section('Access', {
    http_token: secret(
      doris(
        text({ placeholder: 'TOKEN', pattern: /^[^\s\p{Cc}]+$/u, allowed: 'one or more characters without blanks' }),
        DEFAULT_HTTP_TOKEN,
        'The token that every call to /MetaService/http must give; the calls of frontends and backends, to /MetaService/METHOD, need none. With the default, only addresses of this machine can be listened on.',
      ),
    ),
    admin_rules: own(
      choice('document', 'reference'),
      'document',
      'What a call to /MetaService/http is checked against: `document` holds it to the rules of the API document, `reference` to no more than the C++ service does. An unknown operation is 404 with both.',
    ),
    api_page: own(
      boolean,
      'true',
      'Whether `/api` shows what the API of operators takes and answers, and lets it be tried. Everyone may read the page, as it holds no secrets; what is tried there needs the token.',
    ),
    tls_cert: own(
      text({ placeholder: 'FILE', allowed: 'a path' }),
      '',
      'A certificate in PEM, with those that lead to its authority behind it. With it, and its key, every connection must begin with TLS. A file that has changed is used for new connections within seconds.',
    ),
    tls_key: own(text({ placeholder: 'FILE', allowed: 'a path' }), '', 'The key of that certificate in PEM.'),
    enable_cluster_name_check: doris(
      boolean,
      'false',
      'Whether names of clusters must start with a letter and go on with letters, digits and underscores, from whichever protocol they come.',
    ),
  }),
  ...section('Encryption', {
    encryption_key: secret(
      doris(
        base64,
        DEFAULT_ENCRYPTION_KEY,
        'The key that secret keys of object storage are encrypted with from now on. The store keeps it, and those before it, so that older secrets stay readable. Empty: a random one is made at the first start. The default is known to everyone, so give one of your own.',
      ),
    ),
    encryption_method: doris(
      choice('AES_256_ECB', 'AES_128_ECB'),
      'AES_256_ECB',
      'How new secrets are encrypted. What is stored says how it was, so a change leaves it readable.',
    ),
    arn_id: doris(text({ placeholder: 'ID' }), '', 'The user id of the IAM user, until `alter_iam` has set one.'),
    arn_ak: doris(text({ placeholder: 'AK' }), '', 'The access key of the IAM user, until `alter_iam` has set one.'),
    arn_sk: secret(
      doris(text({ placeholder: 'SK' }), '', 'The secret key of the IAM user, until `alter_iam` has set one.'),
    ),
  }),
  ...section('Storage', {
    enable_distinguish_hdfs_path: doris(
      boolean,
      'true',
      'Whether the path of a new HDFS vault gets a random suffix, so that no two vaults share their files.',
    ),
    max_num_stages: doris(count(10_000), '40', 'Stages that an instance may have.'),
    ...FOUNDATIONDB,
    ...NEIGHBOURS,
    ...OBJECT_STORAGE,
  }),
  ...section('Transactions', {
    max_num_aborted_txn: doris(
      count(10_000),
      '100',
      'Aborted transactions that a label may have. After that none can begin under it until `clean_txn_label` frees it.',
    ),
    enable_load_txn_status_check: doris(
      boolean,
      'true',
      'Whether a rowset of a load is refused once its transaction is finished. A late one could otherwise cost data.',
    ),
    schema_dict_kv_size_limit: doris(
      bytes(KIB, GIB),
      `${5 * MIB}`,
      'The largest dictionary of the columns and indexes that variant columns brought to an index, in bytes.',
    ),
    schema_dict_key_count_limit: doris(count(1_000_000), '4096', 'Columns that such a dictionary may have.'),
    enable_cloud_txn_lazy_commit: doris(
      boolean,
      'true',
      'Whether a large load may be committed lazily where its frontend allows that: decided in one transaction of the store, and made visible by further ones. Without it, a load that is too large for one is refused.',
    ),
    txn_lazy_commit_rowsets_thresold: doris(
      integer({ placeholder: 'N', min: 0, max: 1_000_000 }),
      '1000',
      'With how many rowsets a load is still committed at once. The name is spelt as Doris spells it.',
    ),
    txn_lazy_max_rowsets_per_batch: doris(
      count(10_000),
      '1000',
      'Rowsets of a lazy commit to move in one transaction of the store. Large ones are fewer.',
    ),
  }),
  ...RECYCLING,
  ...BACKUP,
  ...CLUSTER_STATUS,
  ...section('Limits', {
    max_connections: own(count(1_000_000), '10000', 'Connections at a time. Further ones are closed as they arrive.'),
    max_requests_in_flight: own(
      count(1_000_000),
      '4096',
      'Requests being answered at a time, over all connections. Further ones are answered with 503.',
    ),
    enable_rate_limit: doris(
      boolean,
      'true',
      'Whether the calls of an instance are limited by the two settings below. Further ones are answered with MAX_QPS_LIMIT.',
    ),
    default_max_qps_limit: doris(
      count(1_000_000_000),
      '1000000',
      'How often in a second each instance may call each method, on all workers together.',
    ),
    specific_max_qps_limit: doris(
      countsByName,
      'get_cluster:5000000;begin_txn:5000000',
      'The same for single methods, by their names.',
    ),
    brpc_max_body_size: doris(
      bytes(KIB, 4 * GIB),
      `${64 * MIB}`,
      'The largest body of a request, in bytes. A larger one is answered with 413 and not read to its end.',
    ),
    max_buffered_bytes: own(
      bytes(KIB, 64 * GIB),
      `${512 * MIB}`,
      'The bodies of all requests in flight together, in bytes. A request that would exceed it is answered with 503.',
    ),
    max_delete_bitmap_bytes: own(
      bytes(384 * MIB, 64 * GIB),
      `${GIB}`,
      'The delete bitmaps of all answers that a worker makes or sends at a time, in bytes; those of one answer are 256 MiB at most. A request for more waits a few seconds for its turn, and is then refused with `KV_TXN_CONFLICT`, on which backends ask again.',
    ),
    max_header_bytes: own(
      bytes(KIB, 16 * MIB),
      `${64 * KIB}`,
      'The request line and the headers of a request, in bytes. Larger ones are answered with 431.',
    ),
    headers_timeout_ms: own(
      milliseconds(1),
      '10000',
      'How long the request line and the headers may take to arrive. Slower ones are answered with 408 and the connection is closed.',
    ),
    request_timeout_ms: own(
      milliseconds(1),
      '60000',
      'How long a whole request, headers and body, may take to arrive. At least `headers_timeout_ms`.',
    ),
    send_timeout_ms: own(
      milliseconds(1),
      '30000',
      'How long an answer may make no progress because the client does not read it, before the connection is closed.',
    ),
    brpc_idle_timeout_sec: doris(
      integer({ placeholder: 'SECONDS', min: 1, max: 7 * 24 * 3600, off: -1 }),
      '300',
      'How long a connection may stay open after an answer without a further request, in seconds.',
    ),
  }),
  ...section('Metrics', {
    metrics_access: own(
      choice('open', 'token'),
      'open',
      'Who may read `/metrics`, `/brpc_metrics` and `/vars`: everyone, as with Doris, or whoever gives `http_token`, as `?token=TOKEN` or as the header `Authorization: Bearer TOKEN`. They name instances, and hold no secrets.',
    ),
    metrics_max_instances: own(
      count(10_000),
      '200',
      'How many instances metrics tell apart, since each has series of its own. Those that call first are named; the calls of all further ones are counted together, under `other`.',
    ),
    otlp_endpoint: own(
      text({
        placeholder: 'URL',
        pattern: /^(?:https?:\/\/[^\s@?#]+)?$/,
        allowed: 'http://HOST:PORT or https://HOST:PORT, without a name and password, or empty',
      }),
      '',
      'A collector of OpenTelemetry that takes OTLP over HTTP, as in `http://127.0.0.1:4318`. Calls whose caller records its trace, by the header `traceparent`, become spans there.',
    ),
    otlp_trace_one_in: own(
      integer({ placeholder: 'N', min: 0, max: 1_000_000_000 }),
      '1000',
      'Of calls that are part of no trace, one in so many begins one, where `otlp_endpoint` is set; 0 for none.',
    ),
  }),
  ...section('Logs', {
    log_level: doris(choice('debug', 'info', 'warn', 'error', 'fatal'), 'info', 'The least important lines to keep.'),
    log_format: own(choice('json', 'pretty'), 'json', 'One JSON object a line, or text for human eyes.'),
    log_dir: doris(
      text({ placeholder: 'DIR', allowed: 'a path' }),
      '',
      'Where to write `nereus.log`. Without it, logs go to the standard output.',
    ),
    log_size_mb: doris(count(1_000_000), '1024', 'The size of `nereus.log`, in MiB, at which a new one is begun.'),
    slow_call_ms: own(
      integer({ placeholder: 'MS', min: 0, max: DAY_MS }),
      '1000',
      'Calls that take so long are logged as warnings, with where the time went, at most 20 in a second; 0 for none.',
    ),
    log_filenum_quota: doris(count(10_000), '10', 'How many log files to keep, the one being written included.'),
  }),
};

export type SettingName = keyof typeof SETTINGS;

type ValueOf<S> = S extends Setting<infer T> ? T : never;

/** The value of every setting. The port that is listened on is `brpc_listen_port`, wherever it was given. */
export type Settings = { readonly [N in SettingName]: ValueOf<(typeof SETTINGS)[N]> };

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The names of the secrets, for whoever prints settings. */
export const SECRET_NAMES = SETTING_NAMES.filter((name) => SETTINGS[name].secret);

/** Names of settings by the other flags that they have, written with underscores. */
export const SERVE_FLAGS: ReadonlyMap<string, SettingName> = new Map(
  SETTING_NAMES.flatMap((name) => {
    const { serve_flag }: Setting<unknown> = SETTINGS[name];
    return serve_flag === undefined ? [] : [[serve_flag.replaceAll('-', '_'), name] as const];
  }),
);

/** The secrets themselves, for whoever has to keep them out of a text. */
export function secretsIn(settings: Settings): string[] {
  return SECRET_NAMES.flatMap((name) => {
    const value: unknown = settings[name];
    return value instanceof Map ? [...value.values()] : [String(value)];
  });
}

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}
