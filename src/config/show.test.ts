import { describe, expect, test } from 'vitest';
import { readFlags } from './flags.ts';
import { loadSettings } from './load.ts';
import { readProperties } from './properties.ts';
import { REFERENCE_NAMES } from './reference-names.ts';
import { SETTING_NAMES, SETTINGS } from './settings.ts';
import { configurationPage, settingsHelp, showSettings } from './show.ts';

describe('what is derived from the table of settings', () => {
  test('docs/configuration.md is current', async () => {
    await expect(configurationPage()).toMatchFileSnapshot('../../docs/configuration.md');
  });

  test('the help names every setting and fits a terminal', () => {
    const help = settingsHelp();
    for (const name of SETTING_NAMES) expect(help).toContain(`--${name.replaceAll('_', '-')} `);
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('the listing of settings can be read back as a settings file', () => {
    const loaded = loadSettings(readFlags(['--listen', '[::1]:5001', '--brpc-idle-timeout-sec', '-1']), {});
    const { given, problems } = readProperties(showSettings(loaded), 'listing', {});
    expect(problems).toEqual([]);
    expect(given.map(({ name }) => name)).toEqual(SETTING_NAMES);
    for (const { name, text } of given) {
      const row = SETTINGS[name as keyof typeof SETTINGS];
      if (!row.secret) expect(row.kind.parse(text)).toEqual(loaded.settings[name as keyof typeof SETTINGS]);
    }
  });
});

describe('the table', () => {
  test('every default is a value that is allowed', () => {
    for (const name of SETTING_NAMES) expect(SETTINGS[name].kind.parse(SETTINGS[name].default), name).toBeDefined();
  });

  test('no setting is also listed as being without effect', () => {
    const names = REFERENCE_NAMES.flatMap((group) => group.names);
    expect(names.filter((name) => name in SETTINGS)).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });
});
