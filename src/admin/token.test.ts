import { describe, expect, test } from 'vitest';
import { Query } from './query.ts';
import { TokenCheck } from './token.ts';

const refused = (token: string, query: string) => new TokenCheck(token).refuse(new Query(query));

describe('the token of a call', () => {
  test.each([
    ['secret', 'token=secret'],
    ['a b', 'token=a%20b'],
    ['a%20b', 'token=a%20b'],
    ['名字', 'token=%E5%90%8D%E5%AD%97'],
    ['x'.repeat(1000), `token=${'x'.repeat(1000)}`],
  ])('%s is right in %s', (token, query) => expect(refused(token, query)).toBeUndefined());

  test.each([
    ['secret', ''],
    ['secret', 'token='],
    ['secret', 'token=secre'],
    ['secret', 'token=secretx'],
    ['secret', 'token=SECRET'],
    ['secret', 'token=secret%00'],
    ['secret', `token=${'secret'.padEnd(300, 'x')}`],
    ['x'.repeat(1000), `token=${'x'.repeat(999)}`],
  ])('%s is wrong in %s', (token, query) => {
    expect(refused(token, query)).toMatchObject({ status: 403, contentType: 'text/plain' });
  });

  test('a refusal repeats what was given, as Doris does, and nothing else', () => {
    expect(refused('secret', 'token=wrong')?.body).toBe('incorrect token, token=wrong\n');
    expect(refused('secret', '')?.body).toBe('incorrect token, token=(not given)\n');
  });
});
