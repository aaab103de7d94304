import { readFileSync } from 'node:fs';
import type { DescFile } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { file_cloud_meta_service } from './gen/cloud/meta_service_pb.ts';
import { file_cloud_recycler } from './gen/cloud/recycler_pb.ts';
import { file_cloud_registry } from './gen/cloud/registry_pb.ts';
import { type WireFacts, wireFactsOf } from './testing/wire-facts.ts';

interface PinnedFacts {
  base: WireFacts;
  later: WireFacts;
}

const pinned = JSON.parse(readFileSync(new URL('./wire-facts.json', import.meta.url), 'utf8')) as PinnedFacts;
const ours = wireFactsOf(withDependencies([file_cloud_meta_service, file_cloud_recycler, file_cloud_registry]));

test.each(['messages', 'enums', 'services'] as const)('%s are what they are on the wire', (kind) => {
  const expected: Record<string, string[]> = structuredClone(pinned.base[kind]);
  for (const [name, lines] of Object.entries(pinned.later[kind])) {
    expected[name] = [...(expected[name] ?? []), ...lines];
  }
  expect(sorted(ours[kind])).toEqual(sorted(expected));
});

function sorted(facts: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(facts).map(([name, lines]) => [name, lines.toSorted()]));
}

function withDependencies(roots: readonly DescFile[]): Set<DescFile> {
  const files = new Set(roots);
  for (const file of files) for (const dependency of file.dependencies) files.add(dependency);
  return files;
}
