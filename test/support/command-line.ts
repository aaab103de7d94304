import { PassThrough } from 'node:stream';
import { expect } from 'vitest';
import { run } from '../../src/cli/run.ts';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What whoever was asked has seen. */
  readonly seen: string;
}

export interface CommandLineOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** What somebody at the terminal types; without it, nobody is there. */
  readonly typed?: string;
  /** How wide the screen is; without it, there is none. */
  readonly columns?: number;
}

/** Nothing of the machine's: no profile is found, unless a test has one. */
const NOWHERE = { XDG_CONFIG_HOME: '/nonexistent' };

/** Runs a command in this process, and resolves with its exit code and all that it has said. */
export async function commandLine(args: readonly string[], options: CommandLineOptions = {}): Promise<Said> {
  const { environment = {}, typed, columns } = options;
  const out: string[] = [];
  const err: string[] = [];
  const [input, output] = [new PassThrough(), new PassThrough()];
  if (typed !== undefined) input.write(typed);
  const code = await run(
    args,
    { ...NOWHERE, ...environment },
    {
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      columns,
      person: typed === undefined ? undefined : { input, output },
    },
  );
  return { code, out: out.join(''), err: err.join(''), seen: String(output.read() ?? '') };
}

/** Commands that are all given in one environment, which is asked for at each. */
export function commandsIn(environment: () => Readonly<Record<string, string>>) {
  const nereus = (args: readonly string[], options: CommandLineOptions = {}) =>
    commandLine(args, { ...options, environment: { ...environment(), ...options.environment } });
  /** What a command prints that must succeed. */
  const ok = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await nereus(args);
    expect({ code, err }, args.join(' ')).toEqual({ code: 0, err: '' });
    return out;
  };
  return { nereus, ok, okJson: async (...args: string[]) => JSON.parse(await ok(...args, '--json')) };
}
