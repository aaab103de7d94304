import stringWidth from 'string-width';
import { plain } from './plain.ts';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly of: (row: Row) => string | number | bigint | undefined;
  /** For numbers. */
  readonly right?: boolean;
  /** Whether its texts may be cut where the screen is too narrow. What one copies from may not. */
  readonly may_be_cut?: boolean;
}

const GAP = '  ';
const NARROWEST = 8;

/** A table with a line of titles, in so many columns of the screen where that is possible. Wide characters count twice. */
export function tableText<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number | undefined,
): string {
  const cells = rows.map((row) => columns.map(({ of }) => cellText(of(row))));
  const lines = [columns.map(({ title }) => title), ...cells];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => stringWidth(line[at] ?? ''))));
  if (width !== undefined) narrow(widths, columns, width);
  return lines
    .map((line) =>
      line
        .map((cell, at) => padded(cell, widths[at] ?? 0, columns[at]?.right === true))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** Names with their values, a line each, under each other. Those without a value are left out. */
export function fieldsText(fields: Readonly<Record<string, string | number | bigint | boolean | undefined>>): string {
  const shown = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const widest = Math.max(0, ...shown.map(([name]) => stringWidth(name)));
  return shown
    .map(([name, value]) => `${padded(name, widest, false)}${GAP}${plain(String(value))}`.trimEnd())
    .join('\n');
}

/** The text in at most so many columns, with an ellipsis where something is missing. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  let columns = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    columns += stringWidth(segment);
    if (columns > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

function cellText(value: string | number | bigint | undefined): string {
  const text = value === undefined ? '' : plain(String(value));
  return text === '' ? '-' : text;
}

/** Takes from the columns that may be cut, the widest first, until the table fits or nothing is left to take. */
function narrow(widths: number[], columns: readonly { readonly may_be_cut?: boolean }[], width: number): void {
  let excess = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - width;
  while (excess > 0) {
    const candidates = widths.map((one, at) => (columns[at]?.may_be_cut ? one : 0));
    const widest = Math.max(...candidates);
    if (widest <= NARROWEST) return;
    widths[candidates.indexOf(widest)] = widest - 1;
    excess--;
  }
}

function padded(text: string, width: number, right: boolean): string {
  const fitting = cut(text, width);
  const blanks = ' '.repeat(Math.max(0, width - stringWidth(fitting)));
  return right ? blanks + fitting : fitting + blanks;
}
