import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { endInTime, owed } from './outstanding.ts';

/** A process that notes what it was sent, and whether anyone was heard before. */
class Ending extends EventEmitter {
  readonly pid = 7;
  readonly heard: string[] = [];

  kill(pid: number, signal: string): true {
    this.heard.push(`${signal} to ${pid}`);
    return true;
  }
}

test('a process that ends while the package owes it more answers than can wait is killed before it waits for them', async () => {
  const ending = new Ending();
  ending.on('exit', () => ending.heard.push('waits'));
  endInTime(ending as never);
  let bring: (what: unknown) => void = () => undefined;
  const brought = new Promise((resolve) => {
    bring = resolve;
  });
  const answers = Array.from({ length: 17 }, (_, i) =>
    owed(i === 0 ? brought.then(() => Promise.reject(new Error('lost'))) : brought),
  );
  ending.emit('exit');
  expect(ending.heard.splice(0)).toEqual(['SIGKILL to 7', 'waits']);
  bring('answers');
  await Promise.allSettled(answers);
  ending.emit('exit');
  expect(ending.heard).toEqual(['waits']);
});
