import type { CommitRequest } from '../buffered-transaction.ts';
import { keyAfter } from '../bytes.ts';
import type { Mutation } from '../mutation.ts';
import type { ReadSet } from '../read-set.ts';
import { commitError, readError } from './errors.ts';
import { owed } from './outstanding.ts';
import type { FdbTransaction } from './package.ts';
import { bufferOf, type FdbSnapshot, withinUserKeys } from './snapshot.ts';

/** FoundationDB's numbers of the operations. */
const ADD = 2;
const SET_VERSIONSTAMPED_KEY = 14;
const SET_VERSIONSTAMPED_VALUE = 15;

/** Commits on the cluster what was written, if nothing that was read has changed. Returns the versionstamp. */
export async function commitNative(
  { native }: FdbSnapshot,
  { reads, mutations }: Pick<CommitRequest<FdbSnapshot>, 'reads' | 'mutations'>,
): Promise<Uint8Array> {
  try {
    // A commit that was sent relies on this version, also when its answer does not come: so whoever then looks what became
    // of it, and writes where it relied on nothing being written, can be sure that it is not made afterwards.
    await owed(native.getReadVersion());
    if (reads !== undefined) addReads(native, reads);
    for (const mutation of mutations) addWrite(native, mutation);
  } catch (error) {
    throw readError(error);
  }
  try {
    // Where the commit fails, so does this, which nobody need hear.
    const stamp = owed(native.getVersionstamp().promise);
    await owed(native.rawCommit());
    return await stamp;
  } catch (error) {
    throw commitError(error);
  } finally {
    // What was written would stay in memory that no collector of garbage knows of, until one finds the transaction.
    native.rawReset();
  }
}

function addReads(native: FdbTransaction, { keys, ranges }: ReadSet): void {
  for (const key of keys) {
    addRead(native, key, keyAfter(key));
  }
  for (const { begin, end } of ranges.ranges()) {
    addRead(native, begin, end);
  }
}

function addRead(native: FdbTransaction, begin: string, end: string): void {
  const to = withinUserKeys(end);
  if (begin < to) native.addReadConflictRange(bufferOf(begin), bufferOf(to));
}

function addWrite(native: FdbTransaction, mutation: Mutation): void {
  switch (mutation.kind) {
    case 'set':
      native.set(bufferOf(mutation.key), asBuffer(mutation.value));
      break;
    case 'clear':
      native.clear(bufferOf(mutation.key));
      break;
    case 'clear-range': {
      const to = withinUserKeys(mutation.end);
      if (mutation.begin < to) native.clearRange(bufferOf(mutation.begin), bufferOf(to));
      break;
    }
    case 'add': {
      const delta = Buffer.alloc(8);
      delta.writeBigUInt64LE(BigInt.asUintN(64, mutation.delta));
      native.atomicOpNative(ADD, bufferOf(mutation.key), delta);
      break;
    }
    case 'set-stamped-key':
      native.atomicOpNative(
        SET_VERSIONSTAMPED_KEY,
        withOffset(mutation.key, mutation.offset),
        asBuffer(mutation.value),
      );
      break;
    case 'set-stamped-value':
      native.atomicOpNative(
        SET_VERSIONSTAMPED_VALUE,
        bufferOf(mutation.key),
        withOffset(mutation.value, mutation.offset),
      );
      break;
  }
}

/** The bytes, and behind them, in four bytes, where the versionstamp comes in them. */
function withOffset(bytes: Uint8Array, offset: number): Buffer {
  const operand = Buffer.alloc(bytes.length + 4);
  operand.set(bytes);
  operand.writeUInt32LE(offset, bytes.length);
  return operand;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
