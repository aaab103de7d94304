#!/usr/bin/env node
import { run } from './cli/run.ts';
import { afterOutput, processTerminal } from './cli/terminal.ts';

process.exit(await afterOutput(await run(process.argv.slice(2), process.env, processTerminal())));
