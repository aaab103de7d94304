/** Loaded into the server's own process before the server: on SIGUSR2 it says on stderr what the process holds. */
import { readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ByteBudget } from '../../../src/net/byte-budget.ts';
import { InFlight } from '../../../src/net/in-flight.ts';

/** What a process holds. */
export interface Held {
  readonly connections: number;
  readonly in_flight: number;
  /** Of requests and answers, as they are counted against `max_buffered_bytes`. */
  readonly buffered_bytes: number;
  readonly open_files: number;
  /** Objects and buffers of JavaScript that can be reached. */
  readonly heap_bytes: number;
  /** All that the system has given to the process, its program and the store's pages included. */
  readonly resident_bytes: number;
}

/** What a line with the state begins with. */
const STATE = 'held: ';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const budgets = new Set<ByteBudget>();
const counts = new Set<InFlight>();

// Each notes itself when it is first used.
const { take } = ByteBudget.prototype;
ByteBudget.prototype.take = function (this: ByteBudget, ...args) {
  budgets.add(this);
  return take.apply(this, args);
};
const { enter } = InFlight.prototype;
InFlight.prototype.enter = function (this: InFlight) {
  counts.add(this);
  return enter.call(this);
};

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, one) => total + one, 0);

function held(): Held {
  // What one collection finalizes, the next one frees.
  for (let i = 0; i < 3; i++) collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return {
    connections: process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
    in_flight: sum([...counts].map(({ count }) => count)),
    buffered_bytes: sum([...budgets].map(({ used }) => used)),
    open_files: readdirSync('/proc/self/fd').length,
    heap_bytes: heapUsed + external,
    resident_bytes: process.memoryUsage.rss(),
  };
}

process.on('SIGUSR2', () => process.stderr.write(`${STATE}${JSON.stringify(held())}\n`));
