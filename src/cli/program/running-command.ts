import type { Client } from '../../client/client.ts';
import type { Environment } from '../../config/environment.ts';
import { flagOf } from '../../config/flags.ts';
import { type Given, Rank } from '../../config/given.ts';
import { type LoadedSettings, loadSettings } from '../../config/load.ts';
import { SERVE_FLAGS } from '../../config/settings.ts';
import { confirm } from '../ask/confirm.ts';
import { secretOf } from '../ask/secret.ts';
import { usage } from '../command-error.ts';
import type { ExitCode } from '../exit-code.ts';
import { type Connection, connectionOf, connectionOptions, tokenAdvice } from '../service/connection.ts';
import { plain } from '../show/plain.ts';
import type { Report } from '../show/report.ts';
import type { Terminal } from '../terminal.ts';
import type { Context, Read, Values } from './command.ts';
import { flagsOf } from './flags-of-command.ts';
import type { Parsed } from './program.ts';

/** A command with what it was given, and what it has at hand. */
export class RunningCommand implements Context {
  readonly terminal: Terminal;
  readonly #parsed: Parsed;
  readonly #environment: Environment;
  #connection: Connection | undefined;
  #client: Client | undefined;

  constructor(parsed: Parsed, environment: Environment, terminal: Terminal) {
    this.terminal = terminal;
    this.#parsed = parsed;
    this.#environment = environment;
  }

  /** Rejects with whatever the command came to nothing by. */
  async run(): Promise<Report | ExitCode> {
    const { command } = this.#parsed;
    const given = { ...this.#read(command.arguments ?? {}, true), ...this.#read(command.options ?? {}, false) };
    if (command.calls_service) await this.#connect();
    return command.run(given, this);
  }

  get client(): Client {
    if (this.#client === undefined) throw new Error('a command that calls the service must say calls_service');
    return this.#client;
  }

  get loaded(): LoadedSettings {
    const { command, texts } = this.#parsed;
    const settings = flagsOf(command).filter(({ group, name }) => group === 'Settings:' && name !== 'config');
    const given = settings.flatMap(({ name }): Given[] => {
      const text = this.#text(name);
      return text === undefined
        ? []
        : [{ name: SERVE_FLAGS.get(name) ?? name, text, rank: Rank.flag, from: flagOf(name) }];
    });
    return loadSettings({ given, problems: [], config: texts.get('config')?.at(-1) }, this.#environment);
  }

  /** What to do about a token that the service did not take. */
  get tokenAdvice(): string {
    return this.#connection === undefined ? '' : tokenAdvice(this.#connection);
  }

  // Properties rather than methods, since commands take them apart.
  readonly confirm = async (question: string): Promise<void> => {
    if (this.#text('yes') === undefined) await confirm(question, this.terminal.person);
  };

  readonly secret = (name: string): Promise<string> => {
    const meaning = this.#parsed.command.secrets?.[name];
    if (meaning === undefined) throw new Error(`the command does not declare its secret ${name}`);
    const file = this.#text(`${name}_file`);
    return secretOf(name, meaning, { file, environment: this.#environment, person: this.terminal.person });
  };

  readonly note = (text: string): void => {
    const line = this.#text('json') === undefined ? `nereus: ${plain(text)}` : JSON.stringify({ note: text });
    this.terminal.err(`${line}\n`);
  };

  /** Ends the connections. */
  close(): void {
    this.#client?.close();
  }

  async #connect(): Promise<void> {
    const flags = this.#read(connectionOptions, false);
    this.#connection = await connectionOf(flags, this.#environment, {
      person: this.terminal.person,
      note: this.note,
    });
    const { endpoints, token, tls_ca, timeout_ms } = this.#connection;
    const { createClient } = await import('../../client/client.ts');
    // Whoever waits at a terminal wants to hear at once that nobody is there; with several, the next is asked.
    const options = {
      endpoints,
      token,
      timeout_ms,
      retry: endpoints.length > 1,
      ...(tls_ca !== undefined && { tls_ca }),
    };
    try {
      this.#client = createClient(options);
    } catch (error) {
      throw error instanceof TypeError ? usage(error.message) : error;
    }
  }

  #read<V extends Values>(values: V, isArgument: boolean): Read<V> {
    const read = Object.entries(values).map(([name, value]) => {
      const texts = this.#parsed.texts.get(name) ?? [];
      const shown = isArgument ? name.toUpperCase() : flagOf(name);
      return [name, value.read(value.repeatable ? texts : texts.slice(-1), shown)];
    });
    // Each value reads the type that it says.
    return Object.fromEntries(read) as Read<V>;
  }

  /** Of a flag that was given, the last text, so that a wrapper script can be overruled. */
  #text(name: string): string | undefined {
    return this.#parsed.texts.get(name)?.at(-1);
  }
}
