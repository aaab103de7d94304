import { execFileSync } from 'node:child_process';
import { pbkdf2 } from 'node:crypto';
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { DescriptorSink } from './standard-output.ts';

describe('lines to a descriptor', () => {
  test('arrive whole and in order, those held back at the end too', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nereus-log-'));
    const file = join(dir, 'out');
    const descriptor = openSync(file, 'a');
    const sink = new DescriptorSink(descriptor);
    const lines = Array.from({ length: 2000 }, (_, i) => `line ${i} of the log, 名字\n`);
    for (const line of lines.slice(0, 1000)) sink.write(line);
    const length = () => readFileSync(file, 'utf8').length;
    await expect.poll(length).toBe(lines.slice(0, 1000).join('').length);
    for (const line of lines.slice(1000)) sink.write(line);
    await sink.flush();
    expect(readFileSync(file, 'utf8')).toBe(lines.join(''));
    closeSync(descriptor);
    rmSync(dir, { recursive: true });
  });

  test('arrive once and in order, also when the last come while the thread pool has yet to write the first', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nereus-log-'));
    const file = join(dir, 'out');
    const descriptor = openSync(file, 'a');
    const sink = new DescriptorSink(descriptor);
    // As many as it has threads, and more: whatever is to be written waits behind these.
    const work = Array.from({ length: 8 }, () => promisify(pbkdf2)('x', 'y', 20_000, 64, 'sha512'));
    sink.write('first\n');
    sink.write('last\n');
    await sink.flush();
    await Promise.all(work);
    expect(readFileSync(file, 'utf8')).toBe('first\nlast\n');
    closeSync(descriptor);
    rmSync(dir, { recursive: true });
  });

  test('that nobody takes hold up the end for a second and no longer', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nereus-log-'));
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    const sink = new DescriptorSink(writer);
    sink.write('x'.repeat(1024 * 1024));
    await sink.flush();
    closeSync(reader);
    await sink.flush();
    closeSync(writer);
    rmSync(dir, { recursive: true });
  });

  test('that the reader had no room for are not lost, nor out of order, at the end', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'nereus-log-'));
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    const sink = new DescriptorSink(writer);
    const lines = Array.from({ length: 12 }, (_, i) => `${i}`.padEnd(8000, '.').concat('\n'));
    for (const line of lines) sink.write(line);
    // By then the pipe is full and the sink waits before it tries again, also on a machine that is busy.
    await new Promise((resolve) => setTimeout(resolve, 500));
    const bytes = Buffer.alloc(256 * 1024);
    const taken = readSync(reader, bytes, 0, bytes.length, null);
    sink.write('the last\n');
    await sink.flush();
    const length = taken + readSync(reader, bytes, taken, bytes.length - taken, null);
    expect(bytes.subarray(0, length).toString()).toBe(`${lines.join('')}the last\n`);
    closeSync(reader);
    closeSync(writer);
    rmSync(dir, { recursive: true });
  });

  // A device that takes nothing, as a full disk does.
  test.skipIf(!existsSync('/dev/full'))('that can not be written hold up neither the service nor its end', async () => {
    const descriptor = openSync('/dev/full', 'w');
    const sink = new DescriptorSink(descriptor);
    sink.write('lost\n');
    await sink.flush();
    sink.write('lost too\n');
    await sink.flush();
    closeSync(descriptor);
  });
});
