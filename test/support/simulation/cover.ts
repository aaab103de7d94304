/** A rowset's place in its tablet, first and last version. */
export interface VersionRange {
  readonly startVersion: bigint;
  readonly endVersion: bigint;
}

/** Why rowsets don't cover the versions from 0 to `version`, each once; undefined when they do. */
export function coverProblem(rowsets: readonly VersionRange[], version: bigint): string | undefined {
  const sorted = rowsets.toSorted((a, b) => order(a.startVersion, b.startVersion) || order(a.endVersion, b.endVersion));
  let next = 0n;
  for (const { startVersion, endVersion } of sorted) {
    if (startVersion > endVersion) return `has ${shown({ startVersion, endVersion })}, which ends before it begins`;
    if (startVersion < next) return `has version ${startVersion} twice: ${listed(sorted)}`;
    if (startVersion > next) return `lacks version ${next}: ${listed(sorted)}`;
    next = endVersion + 1n;
  }
  if (next <= version) return `ends before version ${version}: ${listed(sorted)}`;
  return next > version + 1n ? `goes beyond version ${version}: ${listed(sorted)}` : undefined;
}

function listed(rowsets: readonly VersionRange[]): string {
  return rowsets.map(shown).join('');
}

function shown({ startVersion, endVersion }: VersionRange): string {
  return `[${startVersion}-${endVersion}]`;
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
