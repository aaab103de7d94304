import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    await expect.poll(() => readFileSync(file, 'utf8').length).toBe(lines.slice(0, 1000).join('').length);
    for (const line of lines.slice(1000)) sink.write(line);
    sink.flush();
    await expect.poll(() => readFileSync(file, 'utf8').length).toBe(lines.join('').length);
    expect(new Set(readFileSync(file, 'utf8').split('\n'))).toEqual(new Set(lines.join('').split('\n')));
    closeSync(descriptor);
    rmSync(dir, { recursive: true });
  });

  // A device that takes nothing, as a full disk does.
  test.skipIf(!existsSync('/dev/full'))('that can not be written hold up neither the service nor its end', async () => {
    const descriptor = openSync('/dev/full', 'w');
    const sink = new DescriptorSink(descriptor);
    sink.write('lost\n');
    sink.flush();
    await new Promise((resolve) => setTimeout(resolve, 20));
    sink.write('lost too\n');
    sink.flush();
    closeSync(descriptor);
  });
});
