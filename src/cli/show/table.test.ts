import { describe, expect, test } from 'vitest';
import { type Column, cut, fieldsText, tableText } from './table.ts';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly size?: number;
}
const COLUMNS: readonly Column<Row>[] = [
  { title: 'ID', of: ({ id }) => id },
  { title: 'NAME', of: ({ name }) => name, may_be_cut: true },
  { title: 'SIZE', of: ({ size }) => size, right: true },
];

describe('a table', () => {
  test('has its columns under each other, wide characters counted twice', () => {
    const rows = [
      { id: 'a', name: '仓库', size: 7 },
      { id: 'long_id', name: 'etl', size: 1234 },
      { id: 'b', name: '' },
    ];
    expect(tableText(COLUMNS, rows, undefined).split('\n')).toEqual([
      'ID       NAME  SIZE',
      'a        仓库     7',
      'long_id  etl   1234',
      'b        -        -',
    ]);
  });

  test('is cut to the screen where it may be, and never where one copies from', () => {
    const rows = [{ id: 'an_id_to_copy', name: '一二三四五六七八九十', size: 1 }];
    const [, line = ''] = tableText(COLUMNS, rows, 34).split('\n');
    expect(line).toBe('an_id_to_copy  一二三四五六…     1');
    expect(tableText(COLUMNS, rows, 10)).toContain('an_id_to_copy');
    expect(tableText(COLUMNS, rows, undefined)).toContain('一二三四五六七八九十');
  });

  test('shows what would move the cursor', () => {
    expect(tableText(COLUMNS, [{ id: 'a\u001b[2J', name: 'b\nc\u202e' }], undefined)).toContain(
      'a\\x1b[2J  b\\x0ac\\u202e',
    );
  });

  test('without rows is its titles', () => {
    expect(tableText(COLUMNS, [], undefined)).toBe('ID  NAME  SIZE');
  });
});

test('fields stand under each other, without those that have no value', () => {
  expect(fieldsText({ id: 'x', 名字: 'y', none: undefined, big: 12n })).toBe('id    x\n名字  y\nbig   12');
});

test('a text is cut between characters', () => {
  expect(cut('abcdef', 6)).toBe('abcdef');
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('仓库仓库', 4)).toBe('仓…');
});
