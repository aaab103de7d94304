import type { KeyValue, Store } from '../../../src/kv/store.ts';
import { bytes, counter, text } from './bytes.ts';

const MEMBERS = 4;
const STAMP = '.'.repeat(10);
const GROUPS_KEY = bytes('groups');

/** Commits several keys that belong together, and a count of all such groups; returns the versionstamp in hexadecimal digits. */
export async function writeGroup(store: Store, id: string): Promise<string> {
  const txn = store.begin();
  const payload = id.repeat(20);
  for (let member = 0; member < MEMBERS; member++) {
    txn.setVersionstampedValue(bytes(`group/${id}/${member}`), bytes(STAMP + payload), 0);
  }
  txn.setVersionstampedKey(bytes(`log/${STAMP}`), 4, bytes(id));
  txn.add(GROUPS_KEY, 1n);
  await txn.commit();
  return Buffer.from(txn.versionstamp()).toString('hex');
}

/** What a store holds of such groups: each id with its versionstamp. Throws when any is there in part only. */
export async function readGroups(store: Store): Promise<Map<string, string>> {
  const logged = new Map<string, string>();
  for await (const { key, value } of everything(store, 'log/')) {
    logged.set(text(value), Buffer.from(key.subarray(4)).toString('hex'));
  }
  const members = new Map<string, number>();
  for await (const { key, value } of everything(store, 'group/')) {
    const [, id = ''] = text(key).split('/');
    const stamp = Buffer.from(value.subarray(0, 10)).toString('hex');
    if (stamp !== logged.get(id) || text(value).slice(10) !== id.repeat(20)) {
      throw new Error(`The key ${text(key)} does not belong to the commit of its group.`);
    }
    members.set(id, (members.get(id) ?? 0) + 1);
  }
  for (const [id] of logged) {
    if (members.get(id) !== MEMBERS) {
      throw new Error(`Group ${id} has ${members.get(id)} of its ${MEMBERS} keys.`);
    }
  }
  const count = await store.transact((txn) => txn.get(GROUPS_KEY));
  if (text(count ?? counter(0n)) !== text(counter(BigInt(logged.size)))) {
    throw new Error(`The count of the groups is ${text(count)}, and there are ${logged.size}.`);
  }
  return logged;
}

/** The pairs under a prefix, over as many transactions as it takes: nobody writes meanwhile. */
async function* everything(store: Store, prefix: string): AsyncGenerator<KeyValue> {
  let from = bytes(prefix);
  for (;;) {
    const pairs: KeyValue[] = [];
    await store.transact(async (txn) => {
      pairs.length = 0;
      for await (const page of txn.getRange(from, bytes(`${prefix}\xff`), { limit: 10_000, snapshot: true })) {
        pairs.push(...page);
      }
    });
    yield* pairs;
    const last = pairs[pairs.length - 1];
    if (last === undefined) {
      return;
    }
    from = bytes(`${text(last.key)}\0`);
  }
}
