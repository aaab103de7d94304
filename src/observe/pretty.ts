/** A JSON log line as text for human eyes: `10:11:12.013 INFO  listening address=127.0.0.1:5000`. */
export function prettyLine(line: string): string {
  const { level, time, msg, error, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const clock = String(time).slice(11, 23);
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${show(value)}`);
  return `${clock} ${String(level).toUpperCase().padEnd(5)} ${msg}${rest.join('')}${showError(error)}\n`;
}

function show(value: unknown): string {
  return typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
}

function showError(error: unknown): string {
  if (error === undefined) return '';
  const stack = typeof error === 'object' && error !== null && 'stack' in error ? error.stack : undefined;
  return typeof stack === 'string' ? `\n${stack}` : ` error=${show(error)}`;
}
