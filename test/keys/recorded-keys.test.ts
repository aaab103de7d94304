import { describe, expect, test } from 'vitest';
import type { HttpAnswer } from '../../src/admin/http-types.ts';
import { decodeKeyTool, encodeKeyTool, getValueTool } from '../../src/admin/key-tools.ts';
import { MemoryStore } from './memory-store.ts';
import { callOf, type RecordedStep, recordedSteps, takeoverPairs } from './recorded.ts';

/** The parts of an answer that the suites compare: white space at the end of a text isn't one. */
function compared(answer: HttpAnswer): { status: number; text?: string; json?: unknown } {
  const { status, contentType } = answer;
  const body = answer.body.toString();
  // A value is sent as plain text even where it is a JSON object, which the suites compare as such.
  if (contentType === 'application/json' || (body.startsWith('{') && body.endsWith('}'))) {
    return { status, json: JSON.parse(body) };
  }
  return { status, text: body.trimEnd() };
}

function expected(step: RecordedStep): { status: number; text?: string; json?: unknown } {
  const { status, text, json } = step.expect;
  return text === undefined ? { status, json } : { status, text };
}

describe('the recorded answers about keys', () => {
  const steps = recordedSteps('suites/reference/control/keys.json').filter((step) => step.path.includes('code_key'));
  test.each(steps.map((step) => [step.id, step] as const))('%s', (_id, step) => {
    const { tool, query } = callOf(step.path);
    const answer = tool === 'decode_key' ? decodeKeyTool(query) : encodeKeyTool(query);
    expect(compared(answer)).toEqual(expected(step));
  });
});

describe('the recorded answers about values that are not there', () => {
  const steps = recordedSteps('suites/reference/control/keys.json').filter(
    (step) => step.path.includes('get_value') && step.id !== 'value-InstanceKey',
  );
  test.each(steps.map((step) => [step.id, step] as const))('%s', async (_id, step) => {
    expect(compared(await getValueTool(new MemoryStore(), callOf(step.path).query))).toEqual(expected(step));
  });
});

describe('the recorded values of a store that Doris wrote', () => {
  const store = new MemoryStore();
  store.fill(takeoverPairs());
  const steps = recordedSteps('takeover/reads.json').filter((step) => step.path.includes('get_value'));
  test.each(steps.map((step) => [step.id, step] as const))('%s', async (_id, step) => {
    const answer = compared(await getValueTool(store, callOf(step.path).query));
    expect(answer).toEqual(withMasks(expected(step)));
  });
});

const MASKS = { '<any>': '"?-?\\d+"?', '<uuid>': '[0-9A-Fa-f-]{36}' } as const;

/** What a suite expects, as matchers: masks stand for what no two runs share. */
function withMasks(want: unknown): unknown {
  if (want === '<any>') return expect.anything();
  if (typeof want === 'string') return /<any>|<uuid>/.test(want) ? expect.stringMatching(patternOf(want)) : want;
  if (Array.isArray(want)) return want.map(withMasks);
  if (typeof want !== 'object' || want === null) return want;
  return Object.fromEntries(Object.entries(want).map(([name, value]) => [name, withMasks(value)]));
}

function patternOf(want: string): RegExp {
  const parts = want.split(/(<any>|<uuid>)/).map((part) => {
    return part === '<any>' || part === '<uuid>' ? MASKS[part] : part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
