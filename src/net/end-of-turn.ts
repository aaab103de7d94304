let waiting: (() => void)[] = [];

/**
 * Does something once the event loop has taken up all that has come by now. Answers that are sent then, one after the
 * other, cost less than answers sent in between: a client that works faster than we do would go to sleep after each, and
 * to wake it up is a good part of what sending takes.
 */
export function atEndOfTurn(work: () => void): void {
  waiting.push(work);
  if (waiting.length === 1) setImmediate(doAll);
}

function doAll(): void {
  const works = waiting;
  waiting = [];
  let begun = 0;
  try {
    for (const work of works) {
      begun++;
      work();
    }
  } finally {
    // What one throws is nothing to those behind it.
    for (const work of works.slice(begun)) atEndOfTurn(work);
  }
}
