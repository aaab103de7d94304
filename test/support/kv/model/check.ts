import { bytesToVersion } from './client.ts';
import { Model } from './model.ts';
import type { Committed } from './operation.ts';

/** Throws unless the transactions, played one by one in the order of their commits, read what they have read; returns what the store must hold then. */
export function checkSerializable(history: readonly Committed[]): [string, string][] {
  const ordered = [...history].sort(byPlace);
  const model = new Model();
  const stamps = new Set<string>();
  for (const committed of ordered) {
    const { versionstamp, read_version, known_version, operations } = committed;
    if (versionstamp !== null) {
      if (stamps.has(versionstamp)) {
        fail('two commits have the same versionstamp', committed);
      }
      stamps.add(versionstamp);
      if (bytesToVersion(versionstamp) <= BigInt(read_version)) {
        fail('a commit’s version is not above the one that it read', committed);
      }
    }
    if (BigInt(read_version) < BigInt(known_version)) {
      fail('a transaction read an older state than its client had seen', committed);
    }
    const wrong = model.play(operations, versionstamp ?? '', versionstamp === null);
    if (wrong !== undefined) {
      fail(`a read does not fit: ${JSON.stringify(wrong)}`, committed);
    }
  }
  return model.pairs();
}

/** Commits in the order of their versionstamps; what only read comes after all commits of the version that it read. */
function byPlace(left: Committed, right: Committed): number {
  const [one, other] = [place(left), place(right)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function place({ versionstamp, read_version }: Committed): string {
  if (versionstamp !== null) {
    return Buffer.from(versionstamp, 'latin1').toString('hex');
  }
  const version = Buffer.alloc(8);
  version.writeBigUInt64BE(BigInt(read_version));
  return `${version.toString('hex')}ffff~`;
}

function fail(reason: string, committed: Committed): never {
  throw new Error(`Not serializable: ${reason}, in ${JSON.stringify(committed)}`);
}
