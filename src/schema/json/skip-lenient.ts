import { Char, isDigit } from './chars.ts';
import type { LenientScanner } from './lenient-scanner.ts';
import { isJsonNumber } from './number-text.ts';

/** Reads over a value of no interest, as strictly as over any other. Doesn't recurse. */
export function skipLenient(scanner: LenientScanner): void {
  const open: ('object' | 'array')[] = [];
  do {
    if (beginValue(scanner, open)) endValue(scanner, open);
    enterNext(scanner, open);
  } while (open.length > 0);
}

/** Takes a scalar and answers true, or enters an object or array and answers false. */
function beginValue(scanner: LenientScanner, open: ('object' | 'array')[]): boolean {
  const code = scanner.peek();
  if (code === Char.OpenBrace || code === Char.OpenBracket) {
    scanner.open();
    open.push(code === Char.OpenBrace ? 'object' : 'array');
    return false;
  }
  if (code === Char.DoubleQuote || code === Char.SingleQuote) scanner.readString();
  else if (code === Char.Minus || isDigit(code)) skipNumber(scanner);
  else if (!scanner.takeWord('true') && !scanner.takeWord('false') && !scanner.takeWord('null'))
    scanner.fail('a value');
  return true;
}

function skipNumber(scanner: LenientScanner): void {
  const start = scanner.pos;
  if (scanner.takeSmallInteger() !== undefined) return;
  if (!isJsonNumber(scanner.readNumber())) scanner.fail('a number', start);
}

function endValue(scanner: LenientScanner, open: readonly ('object' | 'array')[]): void {
  if (open.length === 0) return;
  if (open[open.length - 1] === 'object') scanner.endEntry();
  else scanner.endElement();
}

/** Moves to the next value inside what is open, leaving whatever ends here. */
function enterNext(scanner: LenientScanner, open: ('object' | 'array')[]): void {
  while (open.length > 0) {
    const more = open[open.length - 1] === 'object' ? scanner.nextKey() !== undefined : scanner.nextElement();
    if (more) return;
    open.pop();
    endValue(scanner, open);
  }
}
