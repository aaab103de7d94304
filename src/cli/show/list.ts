import type { Listed } from '../service/own-operation.ts';
import type { Report } from './report.ts';
import { type Column, tableText } from './table.ts';

type Entry = Readonly<Record<string, unknown>>;

/** A column that shows a field as it is. */
export function field(title: string, name: string, options: Omit<Column<Entry>, 'title' | 'of'> = {}): Column<Entry> {
  return { title, of: (entry) => cellOf(entry[name]), ...options };
}

/** A list of things, with where to go on when there are more. */
export function listReport(name: string, columns: readonly Column<Entry>[], { entries, next_after }: Listed): Report {
  return {
    json: { [name]: entries, ...(next_after !== undefined && { next_after }) },
    text: (width) => {
      const more = next_after === undefined ? '' : `\nThere may be more: --after ${next_after}`;
      const empty = entries.length === 0 ? `no ${name.replaceAll('_', ' ')}` : tableText(columns, entries, width);
      return empty + more;
    },
  };
}

/** A time in milliseconds since 1970, as ISO 8601 in UTC; undefined for none. */
export function timeText(ms: unknown): string | undefined {
  const time = new Date(Number(ms));
  return Number(ms) > 0 && !Number.isNaN(time.getTime()) ? time.toISOString() : undefined;
}

function cellOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
