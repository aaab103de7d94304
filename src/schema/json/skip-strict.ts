import { Char, isDigit } from './chars.ts';
import type { StrictScanner } from './strict-scanner.ts';

/** Reads over a value of no interest, as strictly as over any other. Doesn't recurse. */
export function skipStrict(scanner: StrictScanner): void {
  const open: ('object' | 'array')[] = [];
  do {
    if (beginValue(scanner, open)) endValues(scanner, open);
  } while (open.length > 0);
}

/** Whether a value is complete; an object or array that has something inside is not. */
function beginValue(scanner: StrictScanner, open: ('object' | 'array')[]): boolean {
  const code = scanner.peek();
  if (code === Char.OpenBrace) {
    scanner.pos++;
    if (!scanner.hasEntry()) return true;
    scanner.readKey();
    open.push('object');
    return false;
  }
  if (code === Char.OpenBracket) {
    scanner.pos++;
    if (!scanner.hasElement()) return true;
    open.push('array');
    return false;
  }
  skipScalar(scanner, code);
  return true;
}

function skipScalar(scanner: StrictScanner, code: number): void {
  if (code === Char.DoubleQuote) scanner.readString();
  else if (code === Char.Minus || isDigit(code)) scanner.readNumber();
  else if (code === Char.LetterT) scanner.takeWord('true');
  else if (code === Char.LetterF) scanner.takeWord('false');
  else if (code === Char.LetterN) scanner.takeWord('null');
  else scanner.fail('Invalid value.');
}

/** Leaves what ends here, up to the next value. */
function endValues(scanner: StrictScanner, open: ('object' | 'array')[]): void {
  for (let inner = open[open.length - 1]; inner !== undefined; inner = open[open.length - 1]) {
    if (inner === 'array' && scanner.moreElements()) return;
    if (inner === 'object' && scanner.moreEntries()) {
      scanner.readKey();
      return;
    }
    open.pop();
  }
}
