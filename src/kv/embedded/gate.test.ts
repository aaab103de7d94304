import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { throughGate } from './gate.ts';
import { type Presence, showPresence } from './presence.ts';

let folder: string;
let presences: Presence[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nereus-gate-'));
  presences = [];
});

afterEach(async () => {
  await Promise.all(presences.map((presence) => presence.end()));
  rmSync(folder, { recursive: true });
});

async function present(id: string): Promise<string> {
  presences.push(await showPresence(folder, id, undefined));
  return id;
}

/** Sends everyone through the gate at once, and checks that no two are in it together. */
async function crowd(ids: readonly string[]): Promise<void> {
  let inside = 0;
  const seen: string[] = [];
  const pass = async (id: string) => {
    expect(++inside).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 2));
    seen.push(id);
    inside--;
  };
  await Promise.all(ids.map((id) => throughGate(folder, id, () => pass(id))));
  expect(seen.sort()).toEqual([...ids].sort());
}

const links = () => readdirSync(folder).filter((name) => name.startsWith('gate'));

test('one at a time', async () => {
  const ids = await Promise.all(Array.from({ length: 12 }, (_, i) => present(`id${i}`)));
  await crowd(ids);
  expect(links()).toEqual([]);
});

test('what the dead have left stops nobody, and lets no two in together', async () => {
  symlinkSync('dead1', join(folder, 'gate'));
  symlinkSync('dead2', join(folder, 'gate.dead1'));
  const ids = await Promise.all(Array.from({ length: 12 }, (_, i) => present(`id${i}`)));
  await crowd(ids);
  expect(links()).toEqual([]);
});

test('is open again when the work has failed', async () => {
  const id = await present('id');
  const failing = throughGate(folder, id, () => Promise.reject(new Error('The work has failed.')));
  await expect(failing).rejects.toThrow('The work has failed.');
  expect(await throughGate(folder, id, async () => 'done')).toBe('done');
});
