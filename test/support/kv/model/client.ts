import type { Store, Transaction } from '../../../../src/kv/store.ts';
import { StoreError } from '../../../../src/kv/store-error.ts';
import type { Random } from '../../random.ts';
import { bytes, text } from '../bytes.ts';
import type { Committed, Operation } from './operation.ts';

const KEYS = 40;
const STAMP = '..........';

/** Runs random transactions one after the other, and records those that committed. Several clients at once make the conflicts. */
export async function runClient(
  store: Store,
  client: string,
  random: Random,
  transactions: number,
): Promise<Committed[]> {
  const history: Committed[] = [];
  let known = 0n;
  for (let i = 0; i < transactions; i++) {
    const txn = store.begin();
    const operations: Operation[] = [];
    const known_version = String(known);
    try {
      const count = 1 + random.int(8);
      for (let n = 0; n < count; n++) {
        await operate(txn, random, `${client}.${i}.${n}`, operations);
        if (random.chance(0.3)) {
          await new Promise(setImmediate);
        }
      }
      const read_version = await txn.readVersion();
      known = read_version > known ? read_version : known;
      await txn.commit();
      const wrote = operations.some(({ kind }) => kind !== 'get' && kind !== 'range');
      const versionstamp = wrote ? text(txn.versionstamp()) : null;
      if (versionstamp !== null) {
        known = bytesToVersion(versionstamp);
      }
      history.push({ client, versionstamp, read_version: String(read_version), known_version, operations });
    } catch (error) {
      txn.cancel();
      // What reads under an unknown versionstamp is misuse: another transaction is made up instead.
      if (!(error instanceof StoreError) || (!error.retryable && error.code !== 'misuse')) {
        throw error;
      }
    }
  }
  return history;
}

/** The version in a versionstamp's text. */
export function bytesToVersion(versionstamp: string): bigint {
  return Buffer.from(versionstamp, 'latin1').readBigUInt64BE();
}

async function operate(txn: Transaction, random: Random, mark: string, operations: Operation[]): Promise<void> {
  const kind = random.pick([
    'get',
    'get',
    'many',
    'range',
    'range',
    'set',
    'set',
    'clear',
    'clear-range',
    'add',
    'stamp',
  ]);
  const key = randomKey(random);
  switch (kind) {
    case 'get':
      operations.push(await readKey(txn, key, random.chance(0.15)));
      break;
    case 'many': {
      const keys = Array.from({ length: 3 }, () => randomKey(random));
      const results = await txn.getMany(keys.map(bytes));
      keys.forEach((one, i) => {
        operations.push({ kind: 'get', key: one, snapshot: false, result: text(results[i]) ?? null });
      });
      break;
    }
    case 'range':
      operations.push(await readRange(txn, random));
      break;
    case 'set':
      txn.set(bytes(key), bytes(mark));
      operations.push({ kind: 'set', key, value: mark });
      break;
    case 'clear':
      txn.clear(bytes(key));
      operations.push({ kind: 'clear', key });
      break;
    case 'clear-range': {
      const [begin, end] = randomRange(random, 4);
      txn.clearRange(bytes(begin), bytes(end));
      operations.push({ kind: 'clear-range', begin, end });
      break;
    }
    case 'add': {
      const delta = random.int(100) - 50;
      const counterKey = `n${random.int(3)}`;
      txn.add(bytes(counterKey), BigInt(delta));
      operations.push({ kind: 'add', key: counterKey, delta });
      break;
    }
    default:
      operations.push(stamp(txn, random, mark));
  }
}

async function readKey(txn: Transaction, key: string, snapshot: boolean): Promise<Operation> {
  const value = await txn.get(bytes(key), { snapshot });
  return { kind: 'get', key, snapshot, result: text(value) ?? null };
}

async function readRange(txn: Transaction, random: Random): Promise<Operation> {
  const [begin, end] = random.chance(0.3) ? ['', '\xff'] : randomRange(random, 12);
  const limit = random.chance(0.5) ? 1 + random.int(6) : undefined;
  const reverse = random.chance(0.5);
  const snapshot = random.chance(0.15);
  const early = random.chance(0.2);
  const result: [string, string][] = [];
  const options = { reverse, snapshot, ...(limit === undefined ? {} : { limit }) };
  for await (const page of txn.getRange(bytes(begin), bytes(end), options)) {
    result.push(...page.map(({ key, value }): [string, string] => [text(key), text(value)]));
    if (early) {
      break;
    }
  }
  const whole = !(early && result.length > 0);
  return { kind: 'range', begin, end, limit: limit ?? null, reverse, snapshot, whole, result };
}

function stamp(txn: Transaction, random: Random, mark: string): Operation {
  if (random.chance(0.5)) {
    const key = `v${STAMP}${random.int(3)}`;
    txn.setVersionstampedKey(bytes(key), 1, bytes(mark));
    return { kind: 'stamped-key', key, offset: 1, value: mark };
  }
  const key = randomKey(random);
  const value = `${mark}:${STAMP}`;
  txn.setVersionstampedValue(bytes(key), bytes(value), value.length - STAMP.length);
  return { kind: 'stamped-value', key, value, offset: value.length - STAMP.length };
}

function randomKey(random: Random): string {
  return random.chance(0.1) ? `n${random.int(3)}` : `k${String(random.int(KEYS)).padStart(2, '0')}`;
}

function randomRange(random: Random, most: number): [string, string] {
  const from = random.int(KEYS);
  const to = from + random.int(most);
  return [`k${String(from).padStart(2, '0')}`, `k${String(to).padStart(2, '0')}`];
}
