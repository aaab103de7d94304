import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClusterPBSchema, NodeInfoPBSchema } from '../../schema/gen/cloud/cluster_pb.ts';
import { isSet } from '../../schema/presence.ts';
import { byAddress, byId, byIdAndAddress, NodeTable } from './node-table.ts';

type Node = ReturnType<typeof node>;

function node(fields: {
  readonly cloudUniqueId: string;
  readonly ip?: string | undefined;
  readonly host?: string | undefined;
  readonly heartbeatPort?: number | undefined;
}) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return create(NodeInfoPBSchema, { editLogPort: 7, ...Object.fromEntries(given) });
}

const few = fc.constantFrom('', 'a', 'b', '1 a');
const anyNode = fc
  .record({
    cloudUniqueId: few,
    ip: fc.option(few, { nil: undefined }),
    host: fc.option(few, { nil: undefined }),
    heartbeatPort: fc.option(fc.constantFrom(0, 7, 8), { nil: undefined }),
  })
  .map(node);

/** The same, said for two nodes. */
function sameAddress(one: Node, other: Node): boolean {
  const port = (each: Node) => (isSet(each, 'heartbeatPort') ? each.heartbeatPort : each.editLogPort);
  const sameIp = isSet(one, 'ip') && isSet(other, 'ip') && one.ip === other.ip;
  const sameHost = isSet(one, 'host') && isSet(other, 'host') && one.host === other.host;
  return port(one) === port(other) && (sameIp || sameHost);
}

const SAME = [
  ['id', byId, (one: Node, other: Node) => one.cloudUniqueId === other.cloudUniqueId],
  ['address', byAddress, sameAddress],
  [
    'id and address',
    byIdAndAddress,
    (one: Node, other: Node) => one.cloudUniqueId === other.cloudUniqueId && sameAddress(one, other),
  ],
] as const;

test.each(SAME)(
  'by %s, the table finds and takes what looking at one node after the other does',
  (_, knownBy, same) => {
    fc.assert(
      fc.property(fc.array(anyNode), fc.array(fc.tuple(anyNode, fc.boolean())), (nodes, steps) => {
        const cluster = create(ClusterPBSchema, { nodes });
        const table = new NodeTable([cluster], knownBy);
        const left = [...cluster.nodes];
        for (const [given, taking] of steps) {
          const position = left.findIndex((candidate) => same(candidate, given));
          const found = taking ? table.take(given) : table.find(given);
          expect(found?.node).toBe(left[position]);
          if (taking && position >= 0) left.splice(position, 1);
        }
      }),
    );
  },
);
