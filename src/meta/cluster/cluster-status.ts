import { type ClusterPB, ClusterStatus } from '../../schema/gen/cloud/cluster_pb.ts';
import { invalid } from '../meta-error.ts';

/** From which states to which a cluster may be set. */
export type StatusMoves = readonly (readonly [from: ClusterStatus, to: ClusterStatus])[];

/** The moves that the document allows. */
export const DOCUMENT_MOVES: StatusMoves = [
  [ClusterStatus.UNKNOWN, ClusterStatus.NORMAL],
  [ClusterStatus.NORMAL, ClusterStatus.SUSPENDED],
  [ClusterStatus.SUSPENDED, ClusterStatus.TO_RESUME],
  [ClusterStatus.TO_RESUME, ClusterStatus.NORMAL],
];

/** The moves that frontends make besides. */
const ALL_MOVES: StatusMoves = [
  ...DOCUMENT_MOVES,
  [ClusterStatus.SUSPENDED, ClusterStatus.NORMAL],
  [ClusterStatus.NORMAL, ClusterStatus.MANUAL_SHUTDOWN],
  [ClusterStatus.MANUAL_SHUTDOWN, ClusterStatus.NORMAL],
];

/** Throws `INVALID_ARGUMENT` unless the cluster may be set to that state. */
export function checkMove(cluster: ClusterPB, to: ClusterStatus, moves: StatusMoves = ALL_MOVES): void {
  const from = cluster.clusterStatus;
  const original = `original cluster is ${nameOf(from)}`;
  if (from === to) throw invalid(`failed to set cluster status, status eq original status, ${original}`);
  if (moves.some(([before, after]) => before === from && after === to)) return;
  throw invalid(`failed to set cluster status, ${original} and want set ${nameOf(to)}`);
}

function nameOf(status: ClusterStatus): string {
  return ClusterStatus[status] ?? 'UNKNOWN';
}
