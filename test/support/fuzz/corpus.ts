import { join } from 'node:path';
import { readSuites } from '../../conformance/suite.ts';

const SUITES = join(import.meta.dirname, '../../conformance/suites');

/** The bodies that the conformance suites send, by the path of their endpoint: `http/create_instance`. */
export const CORPUS: ReadonlyMap<string, readonly string[]> = readCorpus();

function readCorpus(): Map<string, string[]> {
  const corpus = new Map<string, string[]>();
  const suites = ['document', 'reference/control', 'reference/data'].flatMap((folder) =>
    readSuites(join(SUITES, folder)),
  );
  for (const { path, body } of suites.flatMap((suite) => suite.steps)) {
    if (body === undefined || body === null) continue;
    const endpoint = path.replace(/^\/MetaService\/|\?.*$/g, '').replace('http/v1/', 'http/');
    const bodies = corpus.get(endpoint) ?? [];
    bodies.push(typeof body === 'string' ? body : JSON.stringify(body));
    corpus.set(endpoint, bodies);
  }
  return corpus;
}
