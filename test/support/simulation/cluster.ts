import type { Findings } from './findings.ts';
import type { Model } from './model.ts';
import type { RowsetInit } from './rowset.ts';
import { type AnswerOf, codeName, type MethodName } from './rpc-client.ts';
import type { ServiceProcess } from './service-process.ts';

export const INSTANCE_ID = 'simulated';
export const CLOUD_UNIQUE_ID = `1:${INSTANCE_ID}:node`;

/** Where rowsets have their objects. */
export interface RowsetStorage {
  /** A rowset with what it says of its place. */
  placed(rowset: RowsetInit): RowsetInit;
  /** Writes the objects of a rowset. */
  write(rowset: RowsetInit): void;
}

/** What the frontends and backends of a simulated cluster share. */
export interface Cluster {
  readonly service: Pick<ServiceProcess, 'calls' | 'call' | 'insist'>;
  readonly model: Model;
  readonly findings: Findings;
  /** How often something that a run is there for has happened. */
  readonly tally: Tally;
  /** Without it, rowsets have no objects. */
  readonly storage?: RowsetStorage;
  /** Whether no new work is to be begun. */
  over(): boolean;
}

export class Tally {
  readonly counts = new Map<string, number>();

  count(what: string): void {
    this.counts.set(what, this.of(what) + 1);
  }

  of(what: string): number {
    return this.counts.get(what) ?? 0;
  }
}

/** Notes an answer with a code that nothing explains. Returns whether the code was one of those given. */
export function expectCode<Name extends MethodName>(
  { findings }: Cluster,
  about: string,
  answer: AnswerOf<Name>,
  ...codes: readonly string[]
): boolean {
  const code = codeName(answer);
  if (codes.includes(code)) return true;
  findings.add(`${about} was answered with ${code} ${answer.status.msg}`);
  return false;
}
