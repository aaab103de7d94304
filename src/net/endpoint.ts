/** An address as the log and the texts of errors show it: `10.0.0.1:5000`, `[::1]:5000`. */
export function endpoint(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return 'unknown';
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
