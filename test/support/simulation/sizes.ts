/** What the statistics of a tablet count. */
export interface Sizes {
  readonly dataSize: bigint;
  readonly numRows: bigint;
  readonly numRowsets: bigint;
  readonly numSegments: bigint;
}

/** What of a rowset counts. The simulation gives rowsets one size, whether it is asked as data size or as total. */
export interface Sized {
  readonly dataDiskSize: bigint;
  readonly numRows: bigint;
  readonly numSegments: bigint;
}

export function sumOf(rowsets: readonly Sized[]): Sizes {
  return {
    dataSize: rowsets.reduce((sum, rowset) => sum + rowset.dataDiskSize, 0n),
    numRows: rowsets.reduce((sum, rowset) => sum + rowset.numRows, 0n),
    numRowsets: BigInt(rowsets.length),
    numSegments: rowsets.reduce((sum, rowset) => sum + rowset.numSegments, 0n),
  };
}

/** How statistics differ from the rowsets that they are about; undefined when they don't. */
export function sizesProblem(stats: Sizes, rowsets: readonly Sized[]): string | undefined {
  const sum = sumOf(rowsets);
  const wrong = (Object.keys(sum) as (keyof Sizes)[]).filter((name) => stats[name] !== sum[name]);
  if (wrong.length === 0) return undefined;
  return `statistics say ${wrong.map((name) => `${name}=${stats[name]}, rowsets ${sum[name]}`).join('; ')}`;
}
