import { afterEach, describe, expect, test } from 'vitest';
import type { Settings } from '../../src/config/settings.ts';
import { basic, PAGE, putInstance, type StatusServer, startStatusServer } from '../support/monitor/status-server.ts';

let server: StatusServer;

afterEach(() => server.stop());

const serve = async (settings: Partial<Settings> = {}) => {
  server = await startStatusServer(settings);
};

const NODE = { ip: '127.0.0.1', heartbeat_port: 14102 };
const ROW = {
  ...{ host: '127.0.0.1', heartbeatPort: 14102, bePort: -1, httpPort: -1, brpcPort: -1 },
  ...{ currentFragmentNum: 0, lastFragmentUpdateTime: 0 },
};

/** Section 19 of the document, its first cluster. */
const DOCUMENT = `{
    "msg": "success",
    "code": 0,
    "data": {
        "regression_cluster_id2": [
            {
                "host": "127.0.0.1",
                "heartbeatPort": 14102,
                "bePort": -1,
                "httpPort": -1,
                "brpcPort": -1,
                "currentFragmentNum": 0,
                "lastFragmentUpdateTime": 0
            }
        ]
    },
    "count": 0
}
`;

describe('the page', () => {
  const paths = ['cluster', 'compute_group'].flatMap((noun) =>
    ['cluster_info/cloud_cluster_status', 'compute_group_info/compute_group_status'].map(
      (page) => `/rest/v2/manager/${noun}/${page}`,
    ),
  );

  test.each([...paths, `${PAGE}/`, `/${PAGE}?x=y`])('is at %s, to the letter of the document', async (path) => {
    await serve();
    await putInstance(server.store, 'i', { backends: { regression_cluster_id2: [NODE] } });
    const response = await fetch(`${server.base}${path}`, { headers: { authorization: 'Basic cm9vdDo=' } });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await response.text()).toBe(DOCUMENT);
  });

  test('shows live instances, and clusters with backends that have an address', async () => {
    await serve();
    expect((await server.status()).body).toEqual({ msg: 'success', code: 0, data: {}, count: 0 });
    await putInstance(server.store, 'i', {
      backends: { c: [NODE, { ...NODE, ip: '', host: 'be1' }, { ip: '' }], empty: [] },
    });
    await putInstance(server.store, 'gone', { backends: { d: [NODE] }, dropped: true });
    await putInstance(server.store, 'j', { backends: { c: [NODE], __proto__x: [NODE] } });
    expect((await server.status()).body.data).toEqual({ c: [ROW, { ...ROW, host: 'be1' }, ROW], __proto__x: [ROW] });
    expect((await server.status('?instance_id=j')).body.data).toEqual({ c: [ROW], __proto__x: [ROW] });
  });

  test.each(['nobody', 'gone', '%00', '"'])('says that there is no instance %s', async (name) => {
    await serve();
    await putInstance(server.store, 'gone', { dropped: true });
    expect((await server.status(`?instance_id=${name}`)).body).toEqual({
      ...{ msg: 'Not Found', code: 404, count: 0 },
      data: `there is no instance ${JSON.stringify(decodeURIComponent(name))}`,
    });
  });

  test('is for GET alone, and says so as a frontend does', async () => {
    await serve();
    const response = await fetch(`${server.base}${PAGE}`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      ...{ msg: 'Internal Error', code: 500, count: 0 },
      data: "Request method 'POST' not supported",
    });
    expect((await fetch(`${server.base}${PAGE}`, { method: 'HEAD' })).status).toBe(200);
  });

  test('is not served by a process that recycles', async () => {
    await serve({ role: 'recycler' });
    expect((await fetch(`${server.base}${PAGE}`)).status).toBe(404);
  });
});

describe('who may see it', () => {
  const denied = (name: string) => `Access denied for user '${name}@127.0.0.1' (using password: YES)`;

  test.each<[string, string, string]>([
    ['nobody in particular', '', 'Need auth information.'],
    ['a bearer of something', 'Bearer cm9vdDo=', 'Need auth information.'],
    ['a scheme alone', 'Basic', 'Need auth information.'],
    ['too much', 'Basic cm9vdDo= cm9vdDo=', 'Need auth information.'],
    ['no colon', `Basic ${Buffer.from('root').toString('base64')}`, 'Need auth information.'],
    ['no base64', 'Basic !!!!', 'Need auth information.'],
    ['a wrong password', basic('root', 'x'), denied('root')],
    ['another user', basic('admin', ''), denied('admin')],
    ['a name that goes on', basic('root\0', ''), denied('root\0')],
    ['no name', basic('', ''), denied('')],
  ])('is not %s', async (_name, authorization, why) => {
    await serve();
    expect(await server.status('', authorization)).toEqual({
      http: 200,
      body: { msg: 'Unauthorized', code: 401, data: why, count: 0 },
    });
  });

  test('are the users of the settings, with passwords of any signs', async () => {
    await serve({
      cluster_status_users: new Map([
        ['one', 'a:b c'],
        ['two', 'ü'],
      ]),
    });
    expect((await server.status('', basic('one', 'a:b c'))).body.code).toBe(0);
    expect((await server.status('', basic('two', 'ü'))).body.code).toBe(0);
    expect((await server.status('', basic('two', 'a:b c'))).body.code).toBe(401);
    expect((await server.status('', basic('root', ''))).body.code).toBe(401);
  });

  test('is nobody, unless told, where others can reach the port', async () => {
    const settings = { listen: { host: '0.0.0.0', port: 0 } } as const;
    await serve(settings);
    expect((await server.status()).body.code).toBe(401);
  });
});
