import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Domain, openDomain, rpc } from '../../../test/support/fuzz/domain.ts';
import { keys } from '../../keys/key-table.ts';
import { readRecord } from '../../records/message-record.ts';
import { ObjectStoreInfoPB_Provider as Provider } from '../../schema/gen/cloud/object_store_pb.ts';
import {
  StagePB_StageAccessType as AccessType,
  StagePB_StageType as StageType,
} from '../../schema/gen/cloud/stage_pb.ts';

const SECRET = 'the-secret-key-of-a-stage';
const cloudUniqueId = '1:i:fe';
let domain: Domain;
beforeEach(async () => {
  domain = await openDomain({ settings: { max_num_stages: 4, arn_id: 'arn', arn_ak: 'arn_ak', arn_sk: 'arn_sk' } });
  expect(await domain.status(rpc.create_instance, { instanceId: 'i', objInfo: objectStore() })).toBe('OK');
});
afterEach(() => domain.dispose());

function objectStore() {
  return {
    ...{ ak: 'ak', sk: SECRET, bucket: 'b', prefix: 'pre', endpoint: 'e', externalEndpoint: 'x', region: 'r' },
    provider: Provider.S3,
  };
}

function external(name: string, more: object = {}) {
  return { type: StageType.EXTERNAL, name, stageId: `id of ${name}`, objInfo: objectStore(), ...more };
}

function internal(user: string, id = `id of ${user}`) {
  return { type: StageType.INTERNAL, mysqlUserName: [user], mysqlUserId: [id], stageId: `stage of ${user} ${id}` };
}

function add(stage: object): Promise<string> {
  return domain.status(rpc.create_stage, { cloudUniqueId, stage });
}

function get(request: object) {
  return domain.call(rpc.get_stage, { cloudUniqueId, ...request });
}

async function refused(status: Promise<string>, expected: string | RegExp): Promise<void> {
  const before = await domain.version();
  expect(await status).toMatch(expected);
  expect(await domain.version()).toBe(before);
}

describe('stages of users', () => {
  const wanted = { type: StageType.INTERNAL, mysqlUserName: 'jack', mysqlUserId: 'id of jack' };

  test('lie below the newest object store, and keep nothing else of the request', async () => {
    expect(await add({ ...internal('jack'), name: 'n', comment: 'c', properties: { a: 'b' } })).toBe('OK');
    expect(await get(wanted)).toMatchObject({
      stage: [{ objInfo: { sk: SECRET, prefix: 'pre/stage/jack/id of jack' }, stageId: 'stage of jack id of jack' }],
    });
    expect((await domain.instance('i')).stages[0]).toMatchObject({ name: '', comment: '', properties: {} });
  });

  test('are one for each name and for each id of a user', async () => {
    await add(internal('jack', '1'));
    await refused(add({ ...internal('jack', '2') }), 'ALREADY_EXISTED stage already exist');
    await refused(add({ ...internal('jill', '1') }), 'ALREADY_EXISTED stage already exist');
    await refused(
      add({ ...internal('jill', '2'), stageId: 'stage of jack 1' }),
      'INVALID_ARGUMENT stage id is duplicated',
    );
  });

  test('of a user who was dropped and created again are told apart', async () => {
    await add(internal('jack'));
    const other = await get({ ...wanted, mysqlUserId: 'other' });
    expect(other).toMatchObject({ stage: [{ stageId: 'stage of jack id of jack' }] });
    expect(await domain.status(rpc.get_stage, { cloudUniqueId, ...wanted, mysqlUserId: 'other' })).toMatch(
      /^STATE_ALREADY_EXISTED_FOR_USER/,
    );
    expect(await domain.status(rpc.get_stage, { cloudUniqueId, ...wanted, mysqlUserName: 'jill' })).toMatch(
      /^STAGE_NOT_FOUND/,
    );
  });

  test('leave behind, when dropped, what their files are reclaimed by', async () => {
    await add(internal('jack'));
    const request = { cloudUniqueId, type: StageType.INTERNAL, mysqlUserId: 'id of jack', reason: 'why' };
    const { status } = await domain.call(rpc.drop_stage, request);
    expect(status.msg).toBe('OK');
    const fields = { instance_id: 'i', stage_id: 'stage of jack id of jack' };
    const left = await domain.store.transact((txn) => readRecord(txn, keys.recycleStage, fields));
    expect(left).toMatchObject({ instanceId: 'i', reason: 'why', stage: { mysqlUserName: ['jack'] } });
    await refused(domain.status(rpc.drop_stage, request), /^STAGE_NOT_FOUND stage not found with /);
  });

  test('need a legacy object store', async () => {
    await domain.call(rpc.create_instance, { instanceId: 'v', vault: { objInfo: objectStore() } });
    const status = domain.status(rpc.create_stage, { cloudUniqueId: '1:v:fe', stage: internal('jack') });
    await refused(status, /^UNDEFINED_ERR impossible, instance must have at least one obj_info/);
  });
});

describe('external stages', () => {
  const named = (stageName: string) => ({ type: StageType.EXTERNAL, stageName });

  test('are listed with their secret keys encrypted, and shown by name with them in the clear', async () => {
    await add(external('a', { properties: { __proto__x: '1', constructor: '2' } }));
    await add(external('b'));
    const { stage: all } = await get({ type: StageType.EXTERNAL });
    expect(all.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(JSON.stringify(all.map(({ objInfo }) => objInfo?.sk))).not.toContain(SECRET);
    const { stage: one } = await get(named('a'));
    expect(one).toMatchObject([
      { objInfo: { sk: SECRET }, accessType: AccessType.AKSK, properties: { constructor: '2' } },
    ]);
  });

  test('that others open by their users have the keys of these', async () => {
    await add(external('acl', { accessType: AccessType.BUCKET_ACL, objInfo: { bucket: 'b' } }));
    await add(external('iam', { accessType: AccessType.IAM, objInfo: { bucket: 'b' } }));
    expect(await domain.status(rpc.get_stage, { cloudUniqueId, ...named('acl') })).toMatch(
      /^INVALID_ARGUMENT instance does not have ram user/,
    );
    await domain.call(rpc.alter_ram_user, { instanceId: 'i', ramUser: { userId: 'u', ak: 'ram_ak', sk: 'ram_sk' } });
    expect(await get(named('acl'))).toMatchObject({ stage: [{ objInfo: { ak: 'ram_ak', sk: 'ram_sk' } }] });
    expect(await get(named('iam'))).toMatchObject({
      stage: [{ objInfo: { ak: 'arn_ak', sk: 'arn_sk' }, externalId: 'i' }],
    });
  });

  test('are as many as the settings allow', async () => {
    for (const name of ['a', 'b', 'c', 'd']) expect(await add(external(name))).toBe('OK');
    await refused(add(external('e')), 'UNDEFINED_ERR this instance has greater than config num stages');
    expect(await domain.status(rpc.drop_stage, { cloudUniqueId, ...named('a') })).toBe('OK');
    expect(await add(external('e'))).toBe('OK');
  });

  test.each([
    ['no stage', undefined, 'stage not set'],
    ['no type', { name: 'a', stageId: 's' }, 'stage type not set'],
    ['no name', { type: StageType.EXTERNAL, stageId: 's' }, 'stage name not set'],
    ['no id', { type: StageType.EXTERNAL, name: 'a' }, 'stage id not set'],
    ['no user', { type: StageType.INTERNAL, stageId: 's', mysqlUserName: ['a'] }, /name size=1 id size=0/],
  ])('%s is refused', (_, stage, expected) =>
    refused(domain.status(rpc.create_stage, { cloudUniqueId, ...(stage && { stage }) }), expected),
  );

  test('secret keys are encrypted where they are stored, whatever the request says of it', async () => {
    await add(
      external('a', { objInfo: { ...objectStore(), encryptionInfo: { keyId: 7n, encryptionMethod: 'constructor' } } }),
    );
    const { stages } = await domain.instance('i');
    expect(stages[0]?.objInfo?.sk).not.toContain(SECRET);
    expect(await get(named('a'))).toMatchObject({ stage: [{ objInfo: { sk: SECRET } }] });
  });
});
