import { expect, test } from 'vitest';
import { readSelection } from './selection.ts';

test('fields, what they hold, and which must be there', () => {
  expect(readSelection('a! b{c d!{e}} f')).toEqual(
    new Map([
      ['a', { required: true }],
      [
        'b',
        {
          required: false,
          fields: new Map([
            ['c', { required: false }],
            ['d', { required: true, fields: new Map([['e', { required: false }]]) }],
          ]),
        },
      ],
      ['f', { required: false }],
    ]),
  );
});

test.each(['a a', 'a{b', 'a}', '!', 'a{b!!}', 'a-b'])('%s is none', (text) => {
  expect(() => readSelection(text)).toThrow(/can't be read/);
});
