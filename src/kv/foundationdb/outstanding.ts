/** As many answers the package lets wait for this thread; with one more, the thread that brings them waits itself. */
const LONGEST_QUEUE = 16;

/** What of a process this needs. */
export type EndingProcess = Pick<NodeJS.Process, 'prependListener' | 'kill' | 'pid'>;

let outstanding = 0;

/** `answer`, which the package owes us until it is here. */
export function owed<T>(answer: Promise<T>): Promise<T> {
  outstanding++;
  answer.then(countHere, countHere);
  return answer;
}

function countHere(): void {
  outstanding--;
}

const minded = new WeakSet<EndingProcess>();

/**
 * Has a process end that ends while many answers are owed to it: the package then waits for the thread that brings them,
 * which waits for this one to take them, for ever. Calling it again is harmless.
 */
export function endInTime(ending: EndingProcess = process): void {
  if (minded.has(ending)) return;
  minded.add(ending);
  // Ahead of the package, which begins to mind the end when it first opens a database.
  ending.prependListener('exit', () => {
    if (outstanding > LONGEST_QUEUE) ending.kill(ending.pid, 'SIGKILL');
  });
}
