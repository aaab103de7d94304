import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Environment } from './environment.ts';
import { readFlags } from './flags.ts';
import { type LoadedSettings, loadSettings } from './load.ts';
import { SettingsError } from './settings-error.ts';
import { showSettings } from './show.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'nereus-config-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function file(name: string, content: string): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

function load(args: string[] = [], environment: Environment = {}): LoadedSettings {
  return loadSettings(readFlags(args), environment);
}

function problems(args: string[], environment: Environment = {}): readonly string[] {
  try {
    load(args, environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  throw new Error('the settings were accepted');
}

describe('where a value comes from', () => {
  test('defaults listen on this machine alone, at the port of Doris', () => {
    const { settings, origins } = load();
    expect(settings.listen).toEqual({ host: '127.0.0.1', port: 5000 });
    expect(settings.data_dir).toBe('./data');
    expect(settings.http_token).toBe('greedisgood9999');
    expect(settings.brpc_idle_timeout_sec).toBe(300);
    expect(origins.get('listen')).toBe('default');
  });

  test('a flag wins over the environment, the environment over the file', () => {
    const config = file('order.conf', 'data_dir = from-file\nlog_level = warn\nmax_connections = 7\n');
    const environment = { NEREUS_DATA_DIR: 'from-environment', NEREUS_LOG_LEVEL: 'error', NEREUS_LOG_DIR: '' };
    const { settings, origins } = load(['--config', config, '--data-dir=from-flag'], environment);
    expect(settings).toMatchObject({ data_dir: 'from-flag', log_level: 'error', max_connections: 7, log_dir: '' });
    expect(origins.get('data_dir')).toBe('--data-dir');
    expect(origins.get('log_level')).toBe('NEREUS_LOG_LEVEL');
    expect(origins.get('max_connections')).toBe(`${config}:3`);
    expect(origins.get('log_dir')).toBe('default');
  });

  test('the file can be named by a variable, and a flag for it wins', () => {
    const one = file('one.conf', 'max_connections = 1');
    const two = file('two.conf', 'max_connections = 2');
    expect(load([], { NEREUS_CONFIG: one }).settings.max_connections).toBe(1);
    expect(load(['--config', two], { NEREUS_CONFIG: one }).settings.max_connections).toBe(2);
  });

  test.each([
    ['brpc_listen_port = 6000', [], { host: '127.0.0.1', port: 6000 }],
    ['listen = 127.0.0.2:7000\nbrpc_listen_port = 6000', [], { host: '127.0.0.2', port: 7000 }],
    ['listen = 127.0.0.2\nbrpc_listen_port = 6000', [], { host: '127.0.0.2', port: 6000 }],
    ['listen = 127.0.0.2:7000', ['--brpc-listen-port', '0'], { host: '127.0.0.2', port: 0 }],
    ['brpc_listen_port = 6000', ['--listen', '[::1]:8000'], { host: '::1', port: 8000 }],
    ['brpc_listen_port = 6000', ['--listen', 'localhost'], { host: 'localhost', port: 6000 }],
  ])('%j with %j listens at the port of the stronger source', (content, args, listen) => {
    const { settings } = load(['--config', file('listen.conf', content), ...args]);
    expect(settings.listen).toEqual(listen);
    expect(settings.brpc_listen_port).toBe(listen.port);
  });

  test('flags take hyphens and underscores, negative values, and yes-or-no flags may stand alone', () => {
    expect(load(['--brpc_idle_timeout-sec', '-1']).settings.brpc_idle_timeout_sec).toBe(-1);
    expect(load(['--enable-cluster-name-check', '--data-dir', 'x']).settings.enable_cluster_name_check).toBe(true);
    expect(load(['--enable-cluster-name-check', 'false']).settings.enable_cluster_name_check).toBe(false);
    expect(load(['--data-dir', 'a', '--data-dir', 'b']).settings.data_dir).toBe('b');
  });

  test('variables that Kubernetes makes for a service of our name are not taken for settings', () => {
    const environment = {
      NEREUS_SERVICE_HOST: '10.0.0.1',
      NEREUS_SERVICE_PORT: '5000',
      NEREUS_SERVICE_PORT_HTTP: '5000',
      NEREUS_PORT: 'tcp://10.0.0.1:5000',
      NEREUS_PORT_5000_TCP: 'tcp://10.0.0.1:5000',
      NEREUS_PORT_5000_TCP_PROTO: 'tcp',
      NEREUS_META_SERVICE_HOST: '10.0.0.2',
      NEREUS_BRPC_LISTEN_PORT: '6000',
    };
    expect(load([], environment).settings.brpc_listen_port).toBe(6000);
  });
});

describe('a flag by another name', () => {
  test('sets what it stands for, says where that came from, and is the same flag', () => {
    const { settings, origins } = load(['--dry-run']);
    expect([settings.recycler_dry_run, origins.get('recycler_dry_run')]).toEqual([true, '--dry-run']);
    expect(load(['--dry-run', 'false']).settings.recycler_dry_run).toBe(false);
    expect(load(['--dry-run', '--recycler-dry-run=false']).settings.recycler_dry_run).toBe(false);
    expect(load(['--dry-run'], { NEREUS_RECYCLER_DRY_RUN: 'false' }).settings.recycler_dry_run).toBe(true);
  });

  test('is one on the command line alone', () => {
    expect(problems([], { NEREUS_DRY_RUN: 'true' })).toEqual([
      'NEREUS_DRY_RUN: there is no setting "dry_run"; did you mean recycler_dry_run? (nereus serve --help lists all)',
    ]);
    const config = file('dry.conf', 'dry_run = true');
    expect(problems(['--config', config])[0]).toContain('did you mean recycler_dry_run?');
  });

  test('is what a misspelt one is taken for', () => {
    expect(problems(['--dryrun'])[0]).toContain('needs a value');
    expect(problems(['--dryrun=true'])[0]).toContain('did you mean --dry-run?');
  });
});

describe('a file in the style of doris_cloud.conf', () => {
  test('of a deployment in use is accepted as it is, and a warning names what has no effect', () => {
    const config = file(
      'doris_cloud.conf',
      [
        '# // meta_service',
        'brpc_listen_port = 5001',
        'brpc_num_threads = -1',
        'brpc_idle_timeout_sec = 30',
        'fdb_cluster = xxx:yyy@127.0.0.1:4500',
        'http_token = a-token-of-mine',
        '',
        '\t# // logging',
        'log_dir = ./log/',
        'log_level = INFO\r',
        'log_size_mb = 1024',
        'retention_seconds=259200',
        'recycle_whitelist = one, two',
        'reserved_buffer_days = 3',
      ].join('\n'),
    );
    const { settings, warnings } = load(['--config', config]);
    expect(settings).toMatchObject({ brpc_idle_timeout_sec: 30, http_token: 'a-token-of-mine', log_level: 'info' });
    expect(settings.listen.port).toBe(5001);
    expect(settings).toMatchObject({ retention_seconds: 259200, recycle_whitelist: ['one', 'two'] });
    expect(warnings).toEqual([
      `${config}:3: brpc_num_threads has no effect: Nereus listens and logs in its own way`,
      `${config}:14: reserved_buffer_days has no effect: what it governs is not part of this version`,
      `${config}:5: fdb_cluster has no effect: kv = embedded does not need it`,
    ]);
  });

  test('values keep what follows a second =, a # inside, and take variables in', () => {
    const config = file('values.conf', `\uFEFFdata_dir = /a=b#c/\${WHERE}/d\nhttp_token=\${TOKEN}`);
    const { settings } = load(['--config', config], { WHERE: 'there', TOKEN: 'tok' });
    expect(settings).toMatchObject({ data_dir: '/a=b#c/there/d', http_token: 'tok' });
    expect(problems(['--config', config], { WHERE: 'there' })).toEqual([
      `${config}:2: http_token: the environment variable TOKEN is not set`,
    ]);
  });

  test('the later of two lines counts, with a warning', () => {
    const config = file('twice.conf', 'max_connections = 1\nmax_connections = 2');
    const { settings, warnings } = load(['--config', config]);
    expect(settings.max_connections).toBe(2);
    expect(warnings[0]).toBe(`${config}:2: max_connections was already set in ${config}:1; the later one counts`);
  });

  test('asking for a store that forgets, or for a KMS, is refused', () => {
    const config = file('refused.conf', 'use_mem_kv = true\nenable_kms = true');
    expect(problems(['--config', config])).toEqual([
      `${config}:1: use_mem_kv must be false: there is no store that forgets, data always goes to data_dir`,
      `${config}:2: enable_kms must be false: keys that are kept in a KMS are not supported`,
    ]);
  });
});

describe('what is refused, with where it came from and what is allowed', () => {
  test('every problem is told at once', () => {
    const config = file('wrong.conf', 'brpc_listen_port = 70000\nhtp_token = SECRET-1\nadmin_rules\n = x\n');
    const environment = { NEREUS_LOG_LEVEL: 'loud', NEREUS_MAX_CONECTIONS: '5' };
    expect(problems(['--config', config, '--data-dri', 'x', '--brpc-max-body-size', '1e9'], environment)).toEqual([
      `${config}:3: must be a line "name = value", a comment that begins with #, or blank`,
      `${config}:4: must be a line "name = value", a comment that begins with #, or blank`,
      `${config}:2: there is no setting "htp_token"; did you mean http_token? (nereus serve --help lists all)`,
      'NEREUS_MAX_CONECTIONS: there is no setting "max_conections"; did you mean max_connections? (nereus serve --help lists all)',
      '--data-dri: there is no setting "data_dri"; did you mean --data-dir? (nereus serve --help lists all)',
      `${config}:1: brpc_listen_port must be an integer from 0 to 65535; it is "70000"`,
      '--brpc-max-body-size: brpc_max_body_size must be an integer from 1024 to 4294967296; it is "1e9"',
      'NEREUS_LOG_LEVEL: log_level must be one of debug, info, warn, error, fatal; it is "loud"',
    ]);
  });

  test.each([
    [['--listen', '127.0.0.1:99999'], '--listen: listen must be HOST or HOST:PORT'],
    [['--listen', '::1:5000'], '--listen: listen must be HOST or HOST:PORT'],
    [['--listen', ':5000'], '--listen: listen must be HOST or HOST:PORT'],
    [['--max-connections', '0'], '--max-connections: max_connections must be an integer from 1 to 1000000; it is "0"'],
    [['--brpc-idle-timeout-sec', '-2'], 'must be an integer from 1 to 604800, or -1 for none; it is "-2"'],
    [['--enable-cluster-name-check=yes'], 'must be true or false; it is "yes"'],
    [['--data-dir', '--listen', 'x'], '--data-dir: needs a value, as in --data-dir VALUE'],
    [['--data-dir'], '--data-dir: needs a value, as in --data-dir VALUE'],
    [['--data-dir', 'x', 'stray'], 'argument 3 is neither a flag (--name VALUE) nor the value of one'],
    [['--config', '/nowhere/x.conf'], "--config: the file /nowhere/x.conf can't be read: ENOENT"],
    [['--use-mem-kv', 'false'], '--use-mem-kv: there is no setting "use_mem_kv"'],
    [['--fdb-cluster', 'x'], '--fdb-cluster: fdb_cluster must be description:id@host:port,..., or empty; it is "x"'],
    [['--headers-timeout-ms', '70000'], 'headers_timeout_ms (70000) must not be above request_timeout_ms (60000)'],
    [['--encryption-key', 'not base64!'], '--encryption-key: encryption_key must be base64 with its padding, or empty'],
  ])('%j', (args, problem) => {
    expect(problems(args)[0]).toContain(problem);
  });

  test.each(['0.0.0.0', '[::]', '192.168.0.7', 'db.example.com', '[::ffff:10.0.0.1]'])(
    'listening on %s with the token that everyone knows, with what to do about it',
    (host) => {
      const [problem] = problems(['--listen', `${host}:5000`]);
      expect(problem).toContain('http_token is the default that everyone knows');
      expect(problem).toContain('set a token of your own (--http-token-file FILE');
      expect(load(['--listen', `${host}:5000`, '--http-token', 'mine']).settings.http_token).toBe('mine');
    },
  );

  test.each(['127.0.0.1', '127.8.9.10', 'localhost', '[::1]', '[::ffff:127.0.0.1]'])('but not on %s', (host) => {
    expect(load(['--listen', `${host}:5000`]).settings.listen.port).toBe(5000);
  });
});

describe('secrets', () => {
  test('can come from a file, by flag, variable or line', () => {
    const token = file('token', 'from-a-file\r\n');
    expect(load(['--http-token-file', token]).settings.http_token).toBe('from-a-file');
    expect(load([], { NEREUS_HTTP_TOKEN_FILE: token }).settings.http_token).toBe('from-a-file');
    const config = file('secret.conf', `http_token_file = ${token}`);
    expect(load(['--config', config]).settings.http_token).toBe('from-a-file');
    expect(load(['--config', config, '--http-token', 'stronger']).settings.http_token).toBe('stronger');
    expect(problems(['--http-token-file', '/nowhere/token'])).toEqual([
      "--http-token-file: the file /nowhere/token can't be read: ENOENT",
    ]);
    expect(problems([], { NEREUS_HTTP_TOKEN_FILE: token, NEREUS_HTTP_TOKEN: 'x' })[0]).toContain('say the same');
  });

  test('are in no error and no listing', () => {
    const config = file(
      'leak.conf',
      'encryption_key = SECRET-A\nhtp_token = SECRET-B\nhttp_token = SECRET C\nSECRET-D',
    );
    const environment = { NEREUS_HTTP_TOKN: 'SECRET-E', NEREUS_ARN_SK: 'SECRET-F' };
    const args = ['--config', config, '--tokn', 'SECRET-G', 'SECRET-H', '-SECRET-I'];
    expect(problems(args, environment).join('\n')).not.toContain('SECRET');
    expect(problems(args, environment).join('\n')).toContain(`${config}:3: http_token must be one or more characters`);
    const shown = showSettings(load(['--http-token', 'SECRET-J'], { NEREUS_ARN_SK: 'SECRET-K' }));
    expect(shown).not.toContain('SECRET');
    expect(shown).toContain('# --http-token\nhttp_token = ******');
  });

  test('an encryption key is taken as base64, and may be empty', () => {
    const key = Buffer.alloc(32, 7).toString('base64');
    expect(load(['--encryption-key', key]).settings.encryption_key).toBe(key);
    expect(load(['--encryption-key=']).settings.encryption_key).toBe('');
  });
});
