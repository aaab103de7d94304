import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { atMostEvery } from './at-most-every.ts';
import { createLogger, type LogLevel } from './logger.ts';
import { maskSecrets, maskUrl, secretsMasker } from './mask.ts';
import { openSink } from './open-sink.ts';
import { prettyLine } from './pretty.ts';

describe('masking', () => {
  test.each([
    [
      '/MetaService/http/get_instance?token=abc&instance_id=i',
      '/MetaService/http/get_instance?token=******&instance_id=i',
    ],
    ['instance_id=i&token=abc', 'instance_id=i&token=******'],
    ['token=abc', 'token=******'],
    ['/x?TOKEN=abc#f', '/x?TOKEN=******#f'],
    ['/x?a=1&sk=abc&b=2', '/x?a=1&sk=******&b=2'],
    ['/x?my_token=abc', '/x?my_token=abc'],
    ['/token=abc', '/token=abc'],
  ])('the url %s', (url, masked) => {
    // A path without a query is not a query, even when it looks like one.
    expect(maskUrl(url)).toBe(masked);
  });

  test('fields at any depth, and leaves the rest as it is', () => {
    const fields = {
      obj_info: [{ ak: 'id', sk: 'SECRET' }],
      ramUser: { secretKey: 'SECRET', empty: { sk: '' } },
      http_token: 'SECRET',
      count: 12n,
      bytes: Buffer.from('SECRET'),
      none: null,
    };
    expect(maskSecrets(fields)).toEqual({
      obj_info: [{ ak: '******', sk: '******' }],
      ramUser: { secretKey: '******', empty: { sk: '' } },
      http_token: '******',
      count: '12',
      bytes: '<6 bytes>',
      none: null,
    });
    expect(fields.http_token).toBe('SECRET');
  });

  test('ends with something that refers to itself', () => {
    const loop: { self?: unknown; sk: string } = { sk: 'SECRET' };
    loop.self = loop;
    expect(JSON.stringify(maskSecrets(loop))).not.toContain('SECRET');
  });

  test('known secrets in every form that they take in a line', () => {
    const mask = secretsMasker(['se"cret/value', 'short']);
    expect(secretsMasker(['secret', 'secret-and-more'])('secret-and-more, secret')).toBe('******, ******');
    expect(mask('se"cret/value se\\"cret/value se%22cret%2Fvalue short')).toBe('****** ****** ****** short');
  });
});

describe('a logger', () => {
  function lines(level: LogLevel, use: (logger: ReturnType<typeof createLogger>) => void): unknown[] {
    const written: unknown[] = [];
    use(
      createLogger({ level, sink: { write: (line) => written.push(JSON.parse(line)), flush: async () => undefined } }),
    );
    return written;
  }

  test('writes one JSON object a line, with the fields that it was given', () => {
    const written = lines('info', (logger) => {
      logger.debug('left out');
      logger.info('plain');
      logger.with({ room: 'net' }).warn('more', { peer: '1.2.3.4:5', token: 'SECRET' });
    });
    expect(written).toEqual([
      { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), msg: 'plain' },
      { level: 'warn', time: expect.any(String), room: 'net', peer: '1.2.3.4:5', token: '******', msg: 'more' },
    ]);
  });

  test('describes errors with their codes, causes and places', () => {
    const error = Object.assign(new TypeError('outer', { cause: new Error('inner') }), { code: 'E_OUTER' });
    const [line] = lines('error', (logger) => logger.error('failed', { error }));
    expect(line).toMatchObject({
      msg: 'failed',
      error: {
        type: 'TypeError',
        message: 'outer',
        code: 'E_OUTER',
        stack: expect.stringContaining('observe.test'),
        cause: { message: 'inner' },
      },
    });
  });

  test('can be written for human eyes', () => {
    const line = JSON.stringify({
      level: 'warn',
      time: '2025-01-31T10:11:12.013Z',
      a: 'b',
      c: 'd e',
      n: 1,
      msg: 'hello',
    });
    expect(prettyLine(line)).toBe('10:11:12.013 WARN  hello a=b c="d e" n=1\n');
    const failed = JSON.stringify({
      level: 'error',
      time: '2025-01-31T10:11:12.013Z',
      msg: 'x',
      error: { stack: 'E\n  at y' },
    });
    expect(prettyLine(failed)).toBe('10:11:12.013 ERROR x\nE\n  at y\n');
  });
});

describe('log files', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'nereus-logs-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const open = (files: number) => openSink({ format: 'json', dir, file_bytes: 30, files, secrets: ['hidden-value'] });

  const read = (name: string) => readFileSync(join(dir, name), 'utf8');

  test('are begun anew at their size, and only so many are kept', () => {
    writeFileSync(join(dir, 'nereus.log'), 'from an earlier run, long enough\n');
    const sink = open(3);
    for (const line of ['one', 'two', 'three']) sink.write(`${line.padEnd(20)} hidden-value\n`);
    sink.flush();
    expect(read('nereus.log')).toBe(`${'three'.padEnd(20)} ******\n`);
    expect(read('nereus.log.1')).toBe(`${'two'.padEnd(20)} ******\n`);
    expect(read('nereus.log.2')).toBe(`${'one'.padEnd(20)} ******\n`);
    expect(readdirSync(dir).sort()).toEqual(['nereus.log', 'nereus.log.1', 'nereus.log.2']);
  });

  test('of a directory that can not be made are an error at once', () => {
    writeFileSync(join(dir, 'taken'), '');
    expect(() =>
      openSink({ format: 'json', dir: join(dir, 'taken'), file_bytes: 30, files: 2, secrets: [] }),
    ).toThrow();
  });
});

test('what happens often is reported once an interval, with how often it happened', () => {
  const reports: number[] = [];
  const happened = atMostEvery(3_600_000, (times) => reports.push(times));
  for (let i = 0; i < 100; i++) happened();
  expect(reports).toEqual([1]);
  const eager: number[] = [];
  const each = atMostEvery(0, (times) => eager.push(times));
  each();
  each();
  expect(eager).toEqual([1, 1]);
});
