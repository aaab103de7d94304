import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GatedSweep } from '../support/recycler/gated-sweep.ts';
import { type RecyclingServer, startRecyclingServer } from '../support/recycler/recycling-server.ts';
import { makeDir } from '../support/run-server.ts';
import { until } from '../support/until.ts';

const NOT_HERE = 'this process does not recycle, since its role is meta-service; ask one whose role is all or recycler';

let dir: string;
let servers: RecyclingServer[];
beforeEach(async () => {
  dir = await makeDir();
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await rm(dir, { recursive: true, force: true });
});

async function start(
  role: 'all' | 'meta-service' | 'recycler',
  sweep = new GatedSweep('sweep'),
): Promise<RecyclingServer> {
  const server = await startRecyclingServer({ dir, settings: { role }, live: [sweep] });
  servers.push(server);
  return server;
}

describe('roles', () => {
  test('a process of each on one store: one answers, the other recycles', async () => {
    const sweep = new GatedSweep('sweep');
    const [meta, recycler] = [await start('meta-service'), await start('recycler', sweep)];
    await meta.createInstance('i');
    expect(await recycler.api('recycle_instance', '', { body: { instance_ids: ['i'] } })).toMatchObject({
      text: 'OK\n',
    });
    await until(() => sweep.running === 1);
    expect((await recycler.api('recycle_job_info', 'instance_id=i')).text).toContain('"status":"BUSY"');
  });

  test('a meta-service does not recycle, and says so to whoever asks it to', async () => {
    const sweep = new GatedSweep('sweep');
    const meta = await start('meta-service', sweep);
    await meta.createInstance('i');
    for (const operation of ['recycle_instance', 'recycle_job_info', 'pause', 'check_instance']) {
      const answer = await meta.api(operation, 'instance_id=i', { body: { instance_ids: ['i'] } });
      expect(answer).toMatchObject({ status: 400, text: `${NOT_HERE}\n` });
    }
    const rpc = await fetch(`${meta.base}/RecyclerService/recycle_instance`, {
      method: 'POST',
      body: '{"instance_ids":["i"]}',
    });
    expect(await rpc.json()).toEqual({ status: { code: 'INVALID_ARGUMENT', msg: NOT_HERE } });
    expect(sweep.instances).toEqual([]);
  });

  test('a recycler serves its own API and nothing of the other', async () => {
    const recycler = await start('recycler');
    for (const path of ['MetaService/http/get_instance?token=x', 'MetaService/get_version', 'MetaService']) {
      const answer = await fetch(`${recycler.base}/${path}`, { method: 'POST', body: '{}' });
      expect(answer.status).toBe(404);
    }
    for (const path of ['health', 'version']) expect((await fetch(`${recycler.base}/${path}`)).status).toBe(200);
    expect((await recycler.api('statistics_recycle')).status).toBe(200);
  });

  test('a process that does all shares its store with nobody', async () => {
    await start('all');
    await expect(start('recycler')).rejects.toThrow('stop the other process');
  });
});
