/** `nereus-20260131T120000Z.dump`: in the order of their names, they are in that of their times. */
const NAME = /^nereus-(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z\.dump$/;

/** What the names of all backups begin with. */
export const NAMES_BEGIN = 'nereus-';

/** What a backup is called that was begun then. */
export function backupName(began_ms: number): string {
  const time = new Date(began_ms).toISOString().replace(/\.\d+/, '').replace(/[-:]/g, '');
  return `${NAMES_BEGIN}${time}.dump`;
}

export function isBackupName(name: string): boolean {
  return NAME.test(name);
}

/** When a backup of that name was begun, in milliseconds since 1970. */
export function timeOf(name: string): number {
  const [, year, month, day, hour, minute, second] = (NAME.exec(name) ?? []).map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
}
