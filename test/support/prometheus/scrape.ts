import { parseScrape, type ScrapedFamily } from './parse.ts';

/** One scrape, as a program would use it. */
export class Scrape {
  readonly families: readonly ScrapedFamily[];

  constructor(readonly text: string) {
    this.families = parseScrape(text);
  }

  /** The sum of the series under a name that have these labels. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.series(name, labels).reduce((sum, { value }) => sum + value, 0);
  }

  /** The series under a name that have these labels. */
  series(name: string, labels: Readonly<Record<string, string>> = {}) {
    return this.families
      .flatMap(({ samples }) => samples)
      .filter((sample) => sample.name === name)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
  }

  /** The values that a label has under a name. */
  labels(name: string, label: string): string[] {
    return [...new Set(this.series(name).map(({ labels }) => labels[label] ?? ''))].sort();
  }
}

/** Scrapes a server at `base`. */
export async function scrape(base: string, headers: Readonly<Record<string, string>> = {}): Promise<Scrape> {
  const response = await fetch(`${base}/metrics`, { headers });
  if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
  return new Scrape(await response.text());
}
