import { describe, expect, test } from 'vitest';
import { isSettingName, SECRET_NAMES, SETTINGS, type SettingName } from '../../src/config/settings.ts';
import { read } from './files.ts';

const UNIT = read('deploy/systemd/nereus.service');
const CONF = read('deploy/systemd/nereus.conf');
const IMAGE = read('deploy/container/Dockerfile');
const POD = read('deploy/kubernetes/nereus.yaml');

/** The settings that lines of a file give, `http_token_file` as well as `http_token`. */
const given = {
  conf: [...CONF.matchAll(/^(\w+) = /gm)].map(([, name]) => name),
  image: [...IMAGE.matchAll(/\bNEREUS_(\w+)=/g)].map(([, name]) => name?.toLowerCase()),
  pod: [...POD.matchAll(/\bname: NEREUS_(\w+)/g)].map(([, name]) => name?.toLowerCase()),
};

const isSetting = (name = '') =>
  isSettingName(name) || SECRET_NAMES.some((secret: SettingName) => name === `${secret}_file`);

describe('what is given in', () => {
  test.each(Object.entries(given))('%s are settings', (_, names) => {
    expect(names.length).toBeGreaterThan(1);
    expect(names.filter((name) => !isSetting(name))).toEqual([]);
  });
});

test('the files agree on where the program is, where its store is and which port it has', () => {
  const program = '/opt/nereus/dist/src/main.js';
  for (const file of [UNIT, IMAGE]) expect(file).toContain(program);
  expect(CONF).toContain('data_dir = /var/lib/nereus/data');
  for (const file of [IMAGE, POD]) expect(file).toMatch(/NEREUS_DATA_DIR(?:=|\s+value: )\/var\/lib\/nereus\/data/);
  expect(UNIT).toContain('StateDirectory=nereus\n');
  expect(UNIT).toContain('--config /etc/nereus/nereus.conf');
  const port = String(SETTINGS.brpc_listen_port.default);
  expect(CONF).toContain(`listen = 0.0.0.0:${port}`);
  expect(IMAGE).toContain(`EXPOSE ${port}`);
  expect(POD).toContain(`containerPort: ${port}`);
});

test('whoever stops it waits for longer than it takes to answer what is in flight', () => {
  const drain_s = Number(SETTINGS.drain_timeout_ms.default) / 1000;
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(UNIT)?.[1])).toBeGreaterThan(drain_s);
  expect(Number(/terminationGracePeriodSeconds: (\d+)/.exec(POD)?.[1])).toBeGreaterThan(drain_s);
});

test('a unit may open a file for each connection', () => {
  expect(Number(/^LimitNOFILE=(\d+)$/m.exec(UNIT)?.[1])).toBeGreaterThan(Number(SETTINGS.max_connections.default));
});
