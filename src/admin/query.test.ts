import { describe, expect, test } from 'vitest';
import { Query } from './query.ts';

describe('the parameters of a query', () => {
  test('are kept as sent and given out decoded', () => {
    const query = new Query('a=x%5Fy&b=1+2&c=%zz&a2=%E5%90%8D&d==&e&=f');
    expect(query.get('a')).toBe('x%5Fy');
    expect(query.decoded('a')).toBe('x_y');
    expect(query.decoded('b')).toBe('1 2');
    expect(query.decoded('c')).toBe('%zz');
    expect(query.decoded('a2')).toBe('名');
    expect(query.get('d')).toBe('=');
    expect(query.get('e')).toBeUndefined();
    expect(query.decoded('e')).toBe('');
  });

  test('given twice, the last one counts', () => expect(new Query('a=1&a=2').get('a')).toBe('2'));
});
